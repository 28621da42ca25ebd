"""Subject–verb agreement: "Paula references" / "Paula reference"; across a distractor, "a niece of senators has".

* `_1` (the verb differs): whatever stands before it is the subject, and its last word is the head: "Winston
  Churchill has" gives "churchill has", "a lot of public parks are" gives "parks are". About half the pairs differ in
  the auxiliary ("hasn't" / "haven't"); then the auxiliary is the verb that agrees. Of a verb in several words
  ("climbs up") only the first agrees, so the phrase ends there.
* `_2` (the noun differs): the word after it agrees, an auxiliary or the verb. The files misspell some bad sides
  ("couchs", "dishs"), and pair 217 of the regular paradigm has no finite verb ("The cashier singing."): kept as found.
* Distractors: the head is the noun before "of" or "about", or before the first relative pronoun from the second word
  on ("That senator that ..."). Everything between head and verb varies freely, hence a gap pattern.
"""

from __future__ import annotations

from exposure.blimp.noun_phrases import head, head_before_relative_clause
from exposure.blimp.sides import at_difference
from exposure.rules import ParadigmRule, Span, Words


def head_to_changed_verb(words: Words, verb: int) -> Span:
    """The subject's last word and the verb or auxiliary that differs."""
    if verb == 0:
        raise ValueError(f"no subject stands before {words[verb]!r}")
    return Span(verb - 1, verb + 1, critical=verb, context=verb - 1)


def changed_head_to_verb(words: Words, noun: int) -> Span:
    """The subject's head, which differs, and the verb or auxiliary after it."""
    if noun + 1 == len(words):
        raise ValueError("no verb follows the noun that differs")
    return Span(noun, noun + 2, critical=noun, context=noun + 1)


def _over_relational_noun(words: Words, verb: int) -> Span:
    noun = head(words, 0, verb)
    return Span(noun, verb + 1, critical=verb, context=noun)


def _over_relative_clause(words: Words, verb: int) -> Span:
    noun = head_before_relative_clause(words)
    return Span(noun, verb + 1, critical=verb, context=noun)


_VERB = "The subject's head noun and the verb or auxiliary, whose number differs."
_NOUN = "The subject's head noun, whose number differs, and the verb or auxiliary after it."

RULES = (
    ParadigmRule("regular_plural_subject_verb_agreement_1", "A", _VERB, at_difference(head_to_changed_verb)),
    ParadigmRule("irregular_plural_subject_verb_agreement_1", "A", _VERB, at_difference(head_to_changed_verb)),
    ParadigmRule("regular_plural_subject_verb_agreement_2", "A", _NOUN, at_difference(changed_head_to_verb)),
    ParadigmRule("irregular_plural_subject_verb_agreement_2", "A", _NOUN, at_difference(changed_head_to_verb)),
    ParadigmRule(
        "distractor_agreement_relational_noun",
        "D",
        "The subject's head noun, then within 6 words the verb or auxiliary, whose number differs.",
        at_difference(_over_relational_noun),
        gap=6,
    ),
    ParadigmRule(
        "distractor_agreement_relative_clause",
        "D",
        "The subject's head noun, then within 9 words the verb or auxiliary, whose number differs.",
        at_difference(_over_relative_clause),
        gap=9,
    ),
)
