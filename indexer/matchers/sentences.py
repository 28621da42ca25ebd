"""Sentences and words of a flat text, as gap patterns count them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from indexer.matchers.flat import BARRIER, FlatText, is_blank_line

ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "prof",
        "capt",
        "col",
        "gen",
        "lt",
        "rev",
        "hon",
        "sgt",
        "jr",
        "sr",
        "messrs",
        "mme",
        "mlle",
        "esq",
        "vs",
        "etc",
        "vol",
    ]
)
"""A full stop after one of these ends no sentence."""

# A run of stops is tried once, from its beginning: rules of dots are long.
_END = re.compile("(?<![.?!])[.?!]++[\"'”’»)]*+(?=\\s)")
_WORD = re.compile(r"\S+")
_WHITE_SPACE = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Where sentences end and words start in one flat text."""

    ends: list[int]
    words: list[int]

    @classmethod
    def of(cls, flat: FlatText) -> Sentences:
        """Find them in `flat`."""
        text = flat.text
        ends = [match.end() for match in _END.finditer(text) if not _ends_abbreviation(text, match)]
        ends += _blank_lines(flat)
        return cls(sorted(ends), [match.start() for match in _WORD.finditer(text)])

    def sentence(self, place: int) -> int:
        """Number of the sentence that holds `place`."""
        return bisect_right(self.ends, place)

    def word(self, place: int) -> int:
        """Number of the white-space separated word that holds `place`."""
        return bisect_right(self.words, place) - 1


def _ends_abbreviation(text: str, end: re.Match[str]) -> bool:
    if end[0].rstrip("\"'”’»)") != ".":
        return False
    start = end.start()
    while start and text[start - 1].isalpha():
        start -= 1
    return text[start : end.start()].lower() in ABBREVIATIONS


def _blank_lines(flat: FlatText) -> list[int]:
    if flat.is_collapsed:
        return (
            [place for place, character in enumerate(flat.text) if character == BARRIER] if BARRIER in flat.text else []
        )
    return [run.start() for run in _WHITE_SPACE.finditer(flat.text) if is_blank_line(run[0])]
