"""Quantifiers: "There was a book" / "There was each book"; "No girl met fewer than two" / "at most two".

* existential_there_quantifiers_1: from "there" to the quantifier, the third word of every sentence.
* existential_there_quantifiers_2: good "all shoes aren't there", bad "there aren't all": from the quantifier to
  "there", or the other way round.
* superlative_quantifiers_1: from "no", which decides, to the quantifier, which differs; without "no" both are fine. Its
  critical word is the one of degree: "fewer", "more", "most", "least".
* superlative_quantifiers_2: from the determiner, which differs, to "at most" or "at least", which decides.
"""

from __future__ import annotations

from exposure.blimp.flags import BAD_GRAMMATICAL_ELSEWHERE, DEGENERATE
from exposure.blimp.sides import at_difference, each_side, find
from exposure.rules import ParadigmRule, Span, Spans, Words, clean

_SUPERLATIVES = ("most", "least")


def _there_to_quantifier(words: Words, quantifier: int) -> Span:
    return Span(0, quantifier + 1, critical=quantifier, context=find(words[:1], ("there",)))


def _quantifier_and_there(good: Words, bad: Words) -> Spans:
    there = find(good, ("there",))
    quantifier = find(bad, (clean(good[0]),))
    return Span(0, there + 1, critical=0, context=there), Span(0, quantifier + 1, critical=quantifier, context=0)


def no_to_degree(words: Words, quantifier: int) -> Span:
    """From "no", the first word, to the quantifier that differs; it has two words, "fewer than" or "at most"."""
    critical = quantifier + 1 if clean(words[quantifier]) == "at" else quantifier
    return Span(0, quantifier + 2, critical=critical, context=find(words[:1], ("no",)))


def _determiner_to_superlative(words: Words) -> Span:
    at = find(words, ("at",))
    while clean(words[at + 1]) not in _SUPERLATIVES:
        at = find(words, ("at",), start=at + 1)
    return Span(0, at + 2, critical=0, context=at + 1)


RULES = (
    ParadigmRule(
        "existential_there_quantifiers_1",
        "C",
        "From 'there' to the quantifier, which differs (weak or strong).",
        at_difference(_there_to_quantifier),
        flags=(DEGENERATE,),
    ),
    ParadigmRule(
        "existential_there_quantifiers_2",
        "C",
        "From the strong quantifier to 'there', or from 'there' to it.",
        _quantifier_and_there,
        flags=(DEGENERATE, BAD_GRAMMATICAL_ELSEWHERE),
    ),
    ParadigmRule(
        "superlative_quantifiers_1",
        "C",
        "From 'no' to the quantifier of the object, which differs (comparative or superlative).",
        at_difference(no_to_degree),
        flags=(DEGENERATE,),
    ),
    ParadigmRule(
        "superlative_quantifiers_2",
        "C",
        "From the subject's determiner, which differs (another or 'no'), to 'at most' or 'at least'.",
        each_side(_determiner_to_superlative),
        flags=(DEGENERATE,),
    ),
)
