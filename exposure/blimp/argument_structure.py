"""Argument structure and selection: which arguments a verb takes, and of which kind.

* causative, transitive: from the verb to the head of its object, which an intransitive verb does not take. The object
  is what the sides share at the end, less a particle ("stood up David" / "spoken up David"). Where the sides differ in
  a preposition only ("disagreed with" / "disagreed", "works with" / "works hard"), the verb is the word before it.
* drop_argument, inchoative, intransitive: to the sentence end, where an object is missing. From the auxiliary, which
  decides how the verb is read ("had worn." lacks an object, "was worn." does not), or else from the subject's head
  ("father of Randolf hides."). That word is the context. Of a verb in several words the first is critical.
* passive_1, passive_2: from the passive auxiliary (the sentence's only one) to "by", or to the sentence end. Two pairs
  of passive_1 have identical sides ("was left by"); they are marked by the words alone.
* animate_subject_passive: from the participle to the head of the "by" phrase, the last word ("newspaper article").
* animate_subject_trans: from the subject's head to the main verb, whole ("sounded like", "messed up"), over an
  auxiliary in 613 pairs. In five more "had" is the main verb ("The dancers had these couches").
"""

from __future__ import annotations

from exposure.blimp.auxiliaries import AUXILIARIES, is_auxiliary
from exposure.blimp.determiners import DETERMINERS
from exposure.blimp.flags import BAD_GRAMMATICAL_ELSEWHERE
from exposure.blimp.noun_phrases import head
from exposure.blimp.sides import at_difference, each_side, find, first_difference, shared_ending
from exposure.blimp.verbs import is_particle, verb_end
from exposure.rules import ParadigmRule, Span, Spans, Words, clean


def _verb_to_object(good: Words, bad: Words) -> Spans:
    verb = first_difference(good, bad)
    if is_particle(good, verb):
        verb -= 1
    shared = shared_ending(good, bad)
    return _verb_and_object(good, verb, len(good) - shared), _verb_and_object(bad, verb, len(bad) - shared)


def _verb_and_object(words: Words, verb: int, rest: int) -> Span:
    """`rest` is where the words that both sides share begin: the object, perhaps after the verb's particle."""
    start = rest + 1 if is_particle(words, rest) else rest
    noun = head(words, start, len(words))
    return Span(verb, noun + 1, critical=verb, context=noun)


def _verb_to_end(words: Words, verb: int) -> Span:
    if verb == 0:
        raise ValueError("the verb that differs has no subject before it")
    before = verb - 1 if is_auxiliary(words[verb - 1]) else head(words, 0, verb)
    return Span(before, len(words), critical=verb, context=before)


def _passive_by(words: Words) -> Span:
    auxiliary = find(words, AUXILIARIES)
    by = find(words, ("by",), start=auxiliary + 2)
    return Span(auxiliary, by + 1, critical=auxiliary + 1, context=auxiliary)


def _passive_to_end(words: Words) -> Span:
    auxiliary = find(words, AUXILIARIES)
    return Span(auxiliary, len(words), critical=auxiliary + 1, context=auxiliary)


def _participle_to_agent(words: Words) -> Span:
    participle = find(words, AUXILIARIES) + 1
    return Span(participle, len(words), critical=len(words) - 1, context=participle)


def _subject_to_verb(good: Words, bad: Words) -> Spans:
    """The sides share everything after the subject."""
    shared = shared_ending(good, bad)
    return _head_to_main_verb(good, len(good) - shared), _head_to_main_verb(bad, len(bad) - shared)


def _head_to_main_verb(words: Words, predicate: int) -> Span:
    if predicate == 0:
        raise ValueError("there is no subject before the words that both sides share")
    verb = predicate + 1 if _is_helping(words, predicate) else predicate
    return Span(predicate - 1, verb_end(words, verb), critical=predicate - 1, context=verb)


def _is_helping(words: Words, index: int) -> bool:
    """Whether the auxiliary form at `index` helps another verb; with an object after it, it is the verb itself."""
    return is_auxiliary(words[index]) and clean(words[index + 1]) not in DETERMINERS


def _object_rule(uid: str, good_verb: str, bad_verb: str) -> ParadigmRule:
    summary = f"From the verb, which differs ({good_verb} or {bad_verb}), to the head of its object."
    return ParadigmRule(uid, "B", summary, _verb_to_object)


def _no_object_rule(uid: str) -> ParadigmRule:
    return ParadigmRule(
        uid,
        "B$",
        "From the auxiliary, or else the subject's head, over the verb, which differs, to the sentence end.",
        at_difference(_verb_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    )


RULES = (
    _object_rule("causative", "one that can be causative", "one that cannot"),
    _object_rule("transitive", "transitive", "intransitive"),
    _no_object_rule("drop_argument"),
    _no_object_rule("inchoative"),
    _no_object_rule("intransitive"),
    ParadigmRule(
        "passive_1",
        "A",
        "From the auxiliary over the participle, which differs (of a transitive verb or not), to 'by'.",
        each_side(_passive_by),
    ),
    ParadigmRule(
        "passive_2",
        "B$",
        "From the auxiliary over the participle, which differs (of a transitive verb or not), to the sentence end.",
        each_side(_passive_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
    ParadigmRule(
        "animate_subject_passive",
        "B",
        "From the participle over 'by' to the head of the agent, which differs (animate or not).",
        each_side(_participle_to_agent),
    ),
    ParadigmRule(
        "animate_subject_trans",
        "A",
        "From the subject's head, which differs (animate or not), over an auxiliary to the whole main verb.",
        _subject_to_verb,
    ),
)
