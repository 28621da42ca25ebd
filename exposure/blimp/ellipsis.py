"""Ellipsis of a noun and what belongs to it, after a quantifier: "three red cups and Anna broke five".

Both phrases end with the sentence, because what is missing is missing there.

* ellipsis_n_bar_1: good "broke five", bad "broke five red". From the word before the quantifier (the verb or its
  preposition, the context) to the end; the critical word is the last one. The quantifier may have several words: "a
  few", "a lot", "as many", "almost as many", "at least as many".
* ellipsis_n_bar_2: good "five big cups", bad "five big". From the quantifier's last word (the context; "lot" of "a
  lot") to the end. The critical word is the noun, or the adjective left without one. Many good sides are odd English
  ("one sock and ... five important sock", "some unlucky son of"): kept as found, the noun being "sock" or "son".
"""

from __future__ import annotations

from exposure.blimp.determiners import ELLIPSIS_QUANTIFIERS, QUANTIFIER_OPENINGS
from exposure.blimp.flags import BAD_GRAMMATICAL_ELSEWHERE
from exposure.blimp.noun_phrases import head
from exposure.blimp.sides import each_side, find_last
from exposure.rules import ParadigmRule, Span, Words, clean


def _verb_to_end(words: Words) -> Span:
    before = _quantifier_start(words, find_last(words, ELLIPSIS_QUANTIFIERS)) - 1
    if before < 0:
        raise ValueError("nothing stands before the quantifier")
    return Span(before, len(words), critical=len(words) - 1, context=before)


def _quantifier_start(words: Words, last: int) -> int:
    """Index of the first word of the quantifier whose last word is at `last` ("arrives at | at least as many")."""
    for opening in QUANTIFIER_OPENINGS:
        start = last - len(opening)
        if start >= 0 and [clean(word) for word in words[start:last]] == opening:
            return start
    return last


def _quantifier_to_end(words: Words) -> Span:
    quantifier = find_last(words, ELLIPSIS_QUANTIFIERS)
    return Span(quantifier, len(words), critical=head(words, quantifier + 1, len(words)), context=quantifier)


RULES = (
    ParadigmRule(
        "ellipsis_n_bar_1",
        "B$",
        "From the word before the second quantifier to the sentence end, with or without an adjective after it.",
        each_side(_verb_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
    ParadigmRule(
        "ellipsis_n_bar_2",
        "B$",
        "From the second quantifier over the adjective to the sentence end, with or without the noun.",
        each_side(_quantifier_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
)
