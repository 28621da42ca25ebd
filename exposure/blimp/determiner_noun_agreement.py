"""Determiner–noun agreement: "this sketch" / "this sketches".

The phrase runs from the demonstrative to the noun, with everything between them: compounds ("this art gallery"),
adjectives ("those good documentaries") and the adjective of four words ("that out in the open grocery store").

* `_1` (the noun differs): the demonstrative is the last one before it; 90 to 118 sentences of each paradigm with
  adjectives have another demonstrative in the subject ("that light astounded that important organization").
* `_2` (the demonstrative differs): the noun is the sentence's last word, in all 4,000 pairs.
* A noun that is a compound counts by its last word, which carries the number ("art galleries").
"""

from __future__ import annotations

from exposure.blimp.determiners import DEMONSTRATIVES
from exposure.blimp.sides import at_difference, find_last
from exposure.phrases import PhraseClass
from exposure.rules import ParadigmRule, Span, Words


def demonstrative_to_changed_noun(words: Words, noun: int) -> Span:
    """From the last demonstrative before the noun that differs."""
    demonstrative = find_last(words, DEMONSTRATIVES, end=noun)
    return Span(demonstrative, noun + 1, critical=noun, context=demonstrative)


def changed_demonstrative_to_noun(words: Words, demonstrative: int) -> Span:
    """From the demonstrative that differs to the noun, the sentence's last word."""
    return Span(demonstrative, len(words), critical=demonstrative, context=len(words) - 1)


def _noun_differs(uid: str, phrase_class: PhraseClass, between: str) -> ParadigmRule:
    return ParadigmRule(
        uid,
        phrase_class,
        f"From the demonstrative{between} to the noun, whose number differs.",
        at_difference(demonstrative_to_changed_noun),
    )


def _demonstrative_differs(uid: str, phrase_class: PhraseClass, between: str) -> ParadigmRule:
    return ParadigmRule(
        uid,
        phrase_class,
        f"From the demonstrative, whose number differs,{between} to the noun.",
        at_difference(changed_demonstrative_to_noun),
    )


_OVER_ADJECTIVE = ", over the adjective,"

RULES = (
    _noun_differs("determiner_noun_agreement_1", "A", ""),
    _noun_differs("determiner_noun_agreement_irregular_1", "A", ""),
    _noun_differs("determiner_noun_agreement_with_adjective_1", "B", _OVER_ADJECTIVE),
    _noun_differs("determiner_noun_agreement_with_adj_irregular_1", "B", _OVER_ADJECTIVE),
    _demonstrative_differs("determiner_noun_agreement_2", "A", ""),
    _demonstrative_differs("determiner_noun_agreement_irregular_2", "A", ""),
    _demonstrative_differs("determiner_noun_agreement_with_adj_2", "B", " over the adjective"),
    _demonstrative_differs("determiner_noun_agreement_with_adj_irregular_2", "B", " over the adjective"),
)
