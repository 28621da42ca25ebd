"""A passage made flat for matching: folded, its white space collapsed, each place mapped back to the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from exposure.folding import fold
from exposure.phrases import MatchRule

BARRIER = "\n"
"""Stands for a blank line in a flat text; no phrase holds one, so none crosses it."""

LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]")
"""The line breaks of str.splitlines()."""

_NOT_ONE_SPACE = re.compile(r"\s{2,}|[^\S ]")


@dataclass(frozen=True, slots=True)
class FlatText:
    """`text` is what is searched; `ends` and `shifts` say by how much places after each collapsed run moved."""

    text: str
    is_collapsed: bool
    ends: list[int]
    shifts: list[int]

    def original(self, place: int) -> int:
        """The place in the passage of a place in the flat text (at a character that is no white space)."""
        run = bisect_right(self.ends, place)
        return place + self.shifts[run - 1] if run else place


def flatten(text: str, rule: MatchRule) -> FlatText:
    """The flat form of a passage under `rule`."""
    if rule.case == "fold":
        text = fold(text)
    if rule.whitespace == "verbatim":
        return FlatText(text, False, [], [])
    pieces: list[str] = []
    ends: list[int] = []
    shifts: list[int] = []
    copied, length = 0, 0
    for run in _NOT_ONE_SPACE.finditer(text):
        pieces += (text[copied : run.start()], BARRIER if is_blank_line(run[0]) else " ")
        length += run.start() - copied + 1
        copied = run.end()
        if len(run[0]) > 1:
            ends.append(length)
            shifts.append(copied - length)
    if not pieces:
        return FlatText(text, True, [], [])
    return FlatText("".join(pieces) + text[copied:], True, ends, shifts)


def is_blank_line(white_space: str) -> bool:
    """Whether a run of white space holds a blank line: two line breaks or more."""
    return len(white_space) > 1 and len(LINE_BREAK.findall(white_space)) > 1
