"""Licensing of "ever", which wants a negation, a question or "only" above it.

* npi_present_1, npi_present_2: nothing licenses "ever", and a phrase can only show that by holding everything to its
  left ("drivers had ever" alone is part of "no drivers had ever"). So the phrase starts with the sentence. The context
  is "even" in the first; the second has none.
* matrix_question_npi_licensor_present: the same words in two orders, "should Monica ever" / "Monica should ever", from
  the sentence's start for the same reason. The context is the auxiliary, which licenses "ever" when it stands first;
  the critical word is "ever", although its form is the same.
* only_npi_licensor_present: from "only" / "even" to "ever". sentential_negation_npi_licensor_present: the adverb that
  differs and "ever" after it, four types in all.
* The two scope paradigms have no phrase: both sides have the same words, and what counts is which clause they are in.
"""

from __future__ import annotations

from exposure.blimp.flags import DEGENERATE
from exposure.blimp.sides import at_difference, each_side, find
from exposure.rules import ParadigmRule, Span, Spans, Words

_EVER = ("ever",)


def _start_to_changed_adverb(_words: Words, adverb: int) -> Span:
    return Span(0, adverb + 1, critical=adverb)


def _even_to_changed_adverb(words: Words, adverb: int) -> Span:
    return Span(0, adverb + 1, critical=adverb, context=find(words[:1], ("even",)))


def _question_and_statement(good: Words, bad: Words) -> Spans:
    asked, stated = find(good, _EVER), find(bad, _EVER)
    return Span(0, asked + 1, critical=asked, context=0), Span(0, stated + 1, critical=stated, context=stated - 1)


def focus_to_ever(words: Words) -> Span:
    """From "only" or "even", the first word, to "ever"."""
    ever = find(words, _EVER)
    return Span(find(words[:1], ("only", "even")), ever + 1, critical=0, context=ever)


def _adverb_and_ever(words: Words, adverb: int) -> Span:
    ever = find(words[: adverb + 2], _EVER, start=adverb + 1)
    return Span(adverb, ever + 1, critical=adverb, context=ever)


_SCOPE = "Both sides have the same words; whether {word!r} licenses 'ever' depends on the clause in which it stands."

RULES = (
    ParadigmRule(
        "matrix_question_npi_licensor_present",
        "B",
        "From the sentence's start to 'ever': auxiliary and subject (a question), or the other way round.",
        _question_and_statement,
    ),
    ParadigmRule(
        "npi_present_1",
        "B",
        "From 'even', the sentence's start, to the adverb, which differs ('ever' or another).",
        at_difference(_even_to_changed_adverb),
    ),
    ParadigmRule(
        "npi_present_2",
        "B",
        "From the sentence's start to the adverb, which differs ('ever' or another).",
        at_difference(_start_to_changed_adverb),
    ),
    ParadigmRule(
        "only_npi_licensor_present",
        "C",
        "From 'only' or 'even', which differ, to 'ever'.",
        each_side(focus_to_ever),
        flags=(DEGENERATE,),
    ),
    ParadigmRule(
        "sentential_negation_npi_licensor_present",
        "C",
        "The adverb, which differs ('not' or another), and 'ever' after it.",
        at_difference(_adverb_and_ever),
        flags=(DEGENERATE,),
    ),
    ParadigmRule("only_npi_scope", "E", "No phrase: scope of 'only'.", reason=_SCOPE.format(word="only")),
    ParadigmRule("sentential_negation_npi_scope", "E", "No phrase: scope of 'not'.", reason=_SCOPE.format(word="not")),
)
