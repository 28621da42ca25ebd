"""Every code point's class, and the character that stands for it when case is folded: tables for compiled code.

Classes are what indexer/matchers asks of single characters (boundaries.py, flat.py), worked out once a process.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from exposure.folding import FOLD_TABLE
from indexer.compiled.arrays import Bytes
from indexer.compiled.jit import kernel
from indexer.matchers.boundaries import SCRIPTS_WITHOUT_SPACES, is_word
from indexer.matchers.flat import LINE_BREAK

CODE_POINTS = 0x110000
UNASSIGNED = 0x40000
"""From here on Unicode has neither letters, digits nor white space."""

RUN = 1
"""Makes words together with its neighbours: a letter or digit of a script with spaces, or the low line."""
LONE = 2
"""A word character of a script without spaces: no boundary is demanded beside it."""
SPACE = 4
"""White space."""
BREAK = 8
"""White space that ends a line."""
LETTER = 16
"""A letter of any script, beside its other bits."""
WORDS = RUN | LONE

FILLER = 0xFF
"""A byte of folded text that stands for nothing; UTF-8 has no such byte."""


@cache
def classes() -> npt.NDArray[np.uint8]:
    """uint8[CODE_POINTS]: the class bits of each code point; 0 for what is neither word nor white space."""
    table = np.zeros(CODE_POINTS, dtype=np.uint8)
    table[[point for point in range(UNASSIGNED) if is_word(chr(point))]] = RUN
    for first, last, _ in SCRIPTS_WITHOUT_SPACES:
        table[first : last + 1][table[first : last + 1] == RUN] = LONE
    spaces = [point for point in range(UNASSIGNED) if chr(point).isspace()]
    table[spaces] = SPACE
    table[[point for point in spaces if LINE_BREAK.fullmatch(chr(point))]] |= BREAK
    table[[point for point in range(UNASSIGNED) if chr(point).isalpha()]] |= LETTER
    return table


@cache
def stand_ins() -> npt.NDArray[np.int32]:
    """int32[CODE_POINTS]: for each code point the one that stands for all that fold alike.

    It is the folded one, unless another of them takes fewer bytes (Ⱥ for ⱥ): folded text is never longer than the text.
    """
    table = np.arange(CODE_POINTS, dtype=np.int32)
    for point, folded in FOLD_TABLE.items():
        table[point] = folded
    for point, folded in FOLD_TABLE.items():
        if len(chr(point).encode()) < len(chr(folded).encode()):
            table[table == folded] = point
    return table


@kernel
def decode(text: Bytes, place: int) -> tuple[int, int]:
    """(code point, bytes) of the character that starts at `place`; a byte that starts none is (U+FFFD, 1)."""
    byte = np.int64(text[place])
    if byte < 0x80:
        return byte, 1
    if byte < 0xC0 or byte > 0xF7:
        return 0xFFFD, 1
    second = np.int64(text[place + 1]) & 0x3F
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | second, 2
    third = np.int64(text[place + 2]) & 0x3F
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | second << 6 | third, 3
    point = (byte & 0x07) << 18 | second << 12 | third << 6 | (np.int64(text[place + 3]) & 0x3F)
    return min(point, CODE_POINTS - 1), 4


@kernel
def encode(point: int, text: Bytes, place: int) -> int:
    """Write a code point as UTF-8 from `place` on; returns its bytes."""
    if point < 0x80:
        text[place] = point
        return 1
    if point < 0x800:
        text[place] = 0xC0 | point >> 6
        text[place + 1] = 0x80 | point & 0x3F
        return 2
    if point < 0x10000:
        text[place] = 0xE0 | point >> 12
        text[place + 1] = 0x80 | point >> 6 & 0x3F
        text[place + 2] = 0x80 | point & 0x3F
        return 3
    text[place] = 0xF0 | point >> 18
    text[place + 1] = 0x80 | point >> 12 & 0x3F
    text[place + 2] = 0x80 | point >> 6 & 0x3F
    text[place + 3] = 0x80 | point & 0x3F
    return 4


@kernel
def class_before(text: Bytes, place: int, classes: Bytes) -> int:
    """Class of the character that ends before `place` of a folded text (0 at its beginning)."""
    end = place
    while end > 0 and text[end - 1] == FILLER:
        end -= 1
    start = end - 1
    while start > 0 and end - start < 4 and text[start] & 0xC0 == 0x80:
        start -= 1
    return classes[decode(text, start)[0]] if start >= 0 else np.uint8(0)


@kernel
def class_at(text: Bytes, place: int, classes: Bytes) -> int:
    """Class of the character that starts at `place` of a folded text."""
    return classes[decode(text, place)[0]]
