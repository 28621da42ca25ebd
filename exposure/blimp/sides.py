"""From a rule for one sentence to a rule for a pair, and the searches that such rules are made of.

Every search raises `ValueError` with a sentence when it finds nothing; `apply_rule` adds the pair's name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from exposure.rules import Span, Spans, Words, clean

SpansOfPair = Callable[[Words, Words], Spans]


def each_side(mark: Callable[[Words], Span]) -> SpansOfPair:
    """Mark both sentences by their own words; fits pairs whose sides are identical."""
    return lambda good, bad: (mark(good), mark(bad))


def at_difference(mark: Callable[[Words, int], Span]) -> SpansOfPair:
    """Mark both sentences, given the index of the first word in which they differ."""

    def spans(good: Words, bad: Words) -> Spans:
        index = first_difference(good, bad)
        return mark(good, index), mark(bad, index)

    return spans


def first_difference(good: Words, bad: Words) -> int:
    """Index of the first word that is not the same on both sides (its punctuation counts)."""
    for index, (good_word, bad_word) in enumerate(zip(good, bad, strict=False)):
        if good_word != bad_word:
            return index
    raise ValueError("the two sentences do not differ in any word")


def shared_ending(good: Words, bad: Words) -> int:
    """How many words at the end are the same on both sides."""
    count = 0
    while count < min(len(good), len(bad)) and good[-1 - count] == bad[-1 - count]:
        count += 1
    return count


def find(words: Words, wanted: Collection[str], start: int = 0) -> int:
    """Index of the first word from `start` on that is one of `wanted`."""
    for index in range(start, len(words)):
        if clean(words[index]) in wanted:
            return index
    raise ValueError(f"there is none of {_listed(wanted)} from word {start} on")


def find_last(words: Words, wanted: Collection[str], end: int | None = None) -> int:
    """Index of the last word before `end` that is one of `wanted`."""
    stop = len(words) if end is None else end
    for index in range(stop - 1, -1, -1):
        if clean(words[index]) in wanted:
            return index
    raise ValueError(f"there is none of {_listed(wanted)} before word {stop}")


def _listed(wanted: Collection[str]) -> str:
    return ", ".join(repr(word) for word in sorted(wanted))
