"""Irregular forms: past against participle, as verb ("Edward hid" / "hidden") and as adjective ("the hidden cat").

* Verbs: the word before is the subject's head, as in subject–verb agreement ("the ice cream froze": "cream froze").
  The good side is the past in all 1,000 pairs (19 contrasts).
* Adjectives: the subject is "The", participle, noun; the noun ends before the auxiliary that follows it in every
  sentence, so compounds stay whole ("hidden newspaper article"). The good side is always the participle.
"""

from __future__ import annotations

from exposure.blimp.auxiliaries import AUXILIARIES
from exposure.blimp.sides import at_difference, find
from exposure.blimp.subject_verb_agreement import head_to_changed_verb
from exposure.rules import ParadigmRule, Span, Words


def _participle_to_noun(words: Words, participle: int) -> Span:
    auxiliary = find(words, AUXILIARIES, start=participle + 2)
    return Span(participle, auxiliary, critical=participle, context=auxiliary - 1)


RULES = (
    ParadigmRule(
        "irregular_past_participle_verbs",
        "A",
        "The subject's head noun and the verb, whose form differs (past or participle).",
        at_difference(head_to_changed_verb),
    ),
    ParadigmRule(
        "irregular_past_participle_adjectives",
        "A",
        "The participle, whose form differs (participle or past), and the noun that it describes.",
        at_difference(_participle_to_noun),
    ),
)
