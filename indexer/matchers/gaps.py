"""Gap patterns: an earlier and a later element, 1 to W words apart inside one sentence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
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
    for target in later:
        sentence, word = sentences.sentence(target.start), sentences.word(target.start)
        met: set[int] = set()
        for place in range(bisect_left(words, word) - 1, -1, -1):
            one, its_word = placed[place], words[place]
            if sentences.sentence(one.start) != sentence or word - its_word > widest:
                break
            if one.key in met:
                continue
            met.add(one.key)
            for pattern in pairs.get((one.key, target.key), ()):
                if word - its_word <= pattern.window:
                    yield pattern.phrase, one.start, target.end
