"""Binding (principle A): who a reflexive may refer to, and where it may stand.

* case_1 and case_2 turn on the clause under "explain that", "imagine", "think about": a finite one wants "they", a
  participial one "themselves". The context is the embedding verb, and the phrase starts there. A shorter phrase would
  be grammatical elsewhere ("the people themselves aren't", "he himself took").
  Five pairs of case_2 have identical sides ("herself skated around"); they are marked by the words alone.
* c_command: the context is the head of the subject (before its relative clause), which binds the reflexive.
* domain_1: the context is the head of the main subject, with which the good side's pronoun corefers.
* domain_2 and domain_3: the context is the head of the embedded subject, the only possible binder. domain_3 swaps the
  two subjects, so no word changes its form: no critical word.
* reconstruction ("It's himself that Sam saw / that saw Sam"): both sides have the same words in the same order around
  the reflexive, so both patterns are the same. No word changes its form: no critical word. The context is the noun.
"""

from __future__ import annotations

from exposure.blimp.anaphor_agreement import head_to_final_reflexive
from exposure.blimp.flags import SIDES_IDENTICAL
from exposure.blimp.noun_phrases import head_before_relative_clause
from exposure.blimp.reflexives import REFLEXIVES
from exposure.blimp.sides import at_difference, each_side, find
from exposure.blimp.verbs import subject_head_before, verb_before
from exposure.rules import ParadigmRule, Span, Spans, Words, clean


def _verb_to_subject(words: Words, subject: int) -> Span:
    """ "explain that they": the subject differs (they / themselves)."""
    if subject < 2 or clean(words[subject - 1]) != "that":
        raise ValueError(f"word {subject} ({words[subject]!r}) does not open a clause with 'that'")
    return Span(subject - 2, subject + 1, critical=subject, context=subject - 2)


def _verb_to_embedded_verb(words: Words) -> Span:
    """ "imagines himself taking", "think about themselves taking": the embedded verb differs (taking / took)."""
    reflexive = find(words, REFLEXIVES)
    verb = verb_before(words, reflexive)
    return Span(verb, reflexive + 2, critical=reflexive + 1, context=verb)


def _head_over_relative_clause(words: Words) -> Span:
    head, reflexive = head_before_relative_clause(words), len(words) - 1
    return Span(head, reflexive + 1, critical=reflexive, context=head)


def _main_subject_to_pronoun(words: Words) -> Span:
    """The verb of the main clause is the word before its "that"; the search skips a demonstrative at the start."""
    head, pronoun = subject_head_before(words, find(words, ("that",), start=1) - 1), len(words) - 1
    return Span(head, pronoun + 1, critical=pronoun, context=head)


def _embedded_subject_to_reflexive(words: Words) -> Span:
    span = head_to_final_reflexive(words)
    return Span(span.start, span.end, context=span.context)


def _reconstruction(good: Words, bad: Words) -> Spans:
    """Good: the noun stands before the verb that ends the sentence. Bad: the noun ends the sentence."""
    before_verb = subject_head_before(good, verb_before(good, len(good)))
    at_end = len(bad) - 1
    if clean(good[before_verb]) != clean(bad[at_end]):
        raise ValueError(
            f"the subject {good[before_verb]!r} of one side is not the object {bad[at_end]!r} of the other"
        )
    return _reflexive_to_noun(good, before_verb), _reflexive_to_noun(bad, at_end)


def _reflexive_to_noun(words: Words, noun: int) -> Span:
    return Span(find(words, REFLEXIVES), noun + 1, context=noun)


RULES = (
    ParadigmRule(
        "principle_A_case_1",
        "B",
        "From the embedding verb over 'that' to the embedded subject, which differs (pronoun or reflexive).",
        at_difference(_verb_to_subject),
    ),
    ParadigmRule(
        "principle_A_case_2",
        "B",
        "From the embedding verb over the reflexive to the embedded verb, which differs (participle or finite).",
        each_side(_verb_to_embedded_verb),
    ),
    ParadigmRule(
        "principle_A_c_command",
        "D",
        "The subject's head, then within 13 words the reflexive, which agrees with it or with the relative clause.",
        each_side(_head_over_relative_clause),
        gap=13,
    ),
    ParadigmRule(
        "principle_A_domain_1",
        "D",
        "The main subject's head, then within 11 words the embedded object, which differs (pronoun or reflexive).",
        each_side(_main_subject_to_pronoun),
        gap=11,
    ),
    ParadigmRule(
        "principle_A_domain_2",
        "D",
        "The embedded subject's head, then within 10 words the reflexive, which agrees with it or with the main one.",
        each_side(head_to_final_reflexive),
        gap=10,
    ),
    ParadigmRule(
        "principle_A_domain_3",
        "D",
        "The embedded subject's head, then within 10 words the reflexive; the sides swap the two subjects.",
        each_side(_embedded_subject_to_reflexive),
        gap=10,
    ),
    ParadigmRule(
        "principle_A_reconstruction",
        "D",
        "The reflexive, then within 10 words the head noun of the clause after it; the same on both sides.",
        _reconstruction,
        gap=10,
        flags=(SIDES_IDENTICAL,),
    ),
)
