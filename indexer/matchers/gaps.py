"""Gap patterns: an earlier and a later element, 1 to W words apart inside one sentence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from indexer.matchers.flat import FlatText
from indexer.matchers.sentences import Sentences


class Element(NamedTuple):
    """An occurrence of one half of a gap pattern in a flat text; `key` says which words."""

    start: int
    end: int
    key: int


class GapPattern(NamedTuple):
    """A phrase number and its W."""

    phrase: int
    window: int


Pairs = Mapping[tuple[int, int], Sequence[GapPattern]]
"""(key of the earlier element, key of the later) → the patterns that they make."""


def gap_matches(
    flat: FlatText, earlier: list[Element], later: list[Element], pairs: Pairs, widest: int
) -> Iterator[tuple[int, int, int]]:
    """(phrase, start, end) in the flat text: one for each later element, with the nearest earlier one.

    "Nearest" is the greatest start of that element with at least one word of difference in the same sentence.
    """
    if not earlier or not later:
        return
    sentences = Sentences.of(flat)
    placed = sorted(earlier)
    words = [sentences.word(one.start) for one in placed]
    at, nearest = (-1, -1), list[tuple[Element, int]]()
    for target in later:
        sentence, word = here = sentences.sentence(target.start), sentences.word(target.start)
        if here != at:  # one long word may hold thousands of later elements
            places = range(bisect_left(words, word) - 1, -1, -1)
            behind = ((placed[place], words[place]) for place in places)
            at, nearest = here, _nearest(behind, sentences, sentence, word - widest)
        for one, its_word in nearest:
            for pattern in pairs.get((one.key, target.key), ()):
                if word - its_word <= pattern.window:
                    yield pattern.phrase, one.start, target.end


def _nearest(
    behind: Iterable[tuple[Element, int]], sentences: Sentences, sentence: int, first_word: int
) -> list[tuple[Element, int]]:
    """The first of each key of those `behind` a place, from near to far, in that sentence and from that word on."""
    found: dict[int, tuple[Element, int]] = {}
    for one, word in behind:
        if sentences.sentence(one.start) != sentence or word < first_word:
            break
        found.setdefault(one.key, (one, word))
    return list(found.values())
