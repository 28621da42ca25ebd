"""A text made ready to be searched, and the memory that this takes, used again for the next text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exposure.phrases import MatchRule
from indexer.compiled.characters import classes, stand_ins
from indexer.compiled.marking import STATE, mark
from indexer.compiled.vectors import PADDING, VECTOR

Masks = npt.NDArray[np.uint64]


class MarkedText(NamedTuple):
    """Folded text with its masks (marking.py); the masks also as bytes, to be read from any bit on.

    `blocks` is how many masks are used; `odd[:odds]` are the places of characters made shorter within words.
    """

    text: npt.NDArray[np.uint8]
    begins: Masks
    marks: Masks
    mark_bytes: npt.NDArray[np.uint8]
    blocks: int
    odd: npt.NDArray[np.int64]
    odds: int


class Marker:
    """Marks texts under one rule; what it returns is good until it is asked again."""

    def __init__(self, rule: MatchRule) -> None:
        self._is_folded = rule.case == "fold"
        self._is_verbatim = rule.whitespace == "verbatim"
        self._odd = np.empty(64, dtype=np.int64)
        self._reserve(1 << 16)

    def mark(self, text: npt.NDArray[np.uint8], length: int) -> MarkedText:
        """Mark the first `length` bytes of a text that has PADDING more; it should end in white space."""
        if length > self._room:
            self._reserve(length + length // 4)
        blocks = -(-length // VECTOR)
        state = np.zeros(STATE, dtype=np.uint64)
        self._odd, odds = mark(
            text, 0, blocks, self._folded, self._begins, self._marks, state, self._odd, 0,
            classes(), stand_ins(), self._is_folded, self._is_verbatim,
        )  # fmt: skip
        if length % VECTOR:  # what lies behind the text is none of it
            self._begins[blocks - 1] &= np.uint64((1 << length % VECTOR) - 1)
        self._marks[blocks : blocks + 2] = 0
        mark_bytes = self._marks.view(np.uint8)
        return MarkedText(self._folded, self._begins, self._marks, mark_bytes, blocks, self._odd, odds)

    def _reserve(self, length: int) -> None:
        self._room = length
        self._folded = np.zeros(length + 3 * PADDING, dtype=np.uint8)
        self._begins = np.zeros(length // VECTOR + 4, dtype=np.uint64)
        self._marks = np.zeros(length // VECTOR + 4, dtype=np.uint64)
