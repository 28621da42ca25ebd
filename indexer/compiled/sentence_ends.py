"""Whether a word ends a sentence (docs/matching.md), read backward: closing quotes, stops, abbreviations."""

from __future__ import annotations

import numpy as np

from indexer.compiled.arrays import Bytes
from indexer.compiled.characters import FILLER, LETTER, class_before
from indexer.compiled.jit import kernel
from indexer.matchers.sentences import ABBREVIATIONS

STOP, QUESTION, EXCLAMATION = 0x2E, 0x3F, 0x21
DOUBLE, SINGLE, BRACKET = 0x22, 0x27, 0x29

CODES = np.array(sorted(int.from_bytes(word.encode(), "little") for word in ABBREVIATIONS), dtype=np.uint64)
"""The abbreviations, each as the number that its letters make; none is longer than eight."""


@kernel
def ends_sentence(text: Bytes, end: int, classes: Bytes) -> bool:
    """Whether the word of folded text that ends before `end`, where white space follows, ends its sentence."""
    place = end
    while True:
        closing = _closing_bytes(text, place)
        if closing == 0:
            break
        place -= closing
    stops = 0
    last = np.uint8(0)
    while is_stop(text[place - 1]):
        last = text[place - 1]
        place -= 1
        stops += 1
    return stops > 0 and not (stops == 1 and last == STOP and _is_abbreviation(text, place, classes))


@kernel
def is_stop(byte: int) -> bool:
    """Whether a byte is one of [.?!]."""
    return byte == STOP or byte == QUESTION or byte == EXCLAMATION


@kernel
def _closing_bytes(text: Bytes, end: int) -> int:
    """Bytes of the closing quote or bracket that ends before `end`, fillers with it; 0 where there is none."""
    place = end
    while text[place - 1] == FILLER:
        place -= 1
    byte = text[place - 1]
    if byte == DOUBLE or byte == SINGLE or byte == BRACKET:
        return end - place + 1
    if byte == 0xBB and text[place - 2] == 0xC2:  # »
        return end - place + 2
    if (byte == 0x9D or byte == 0x99) and text[place - 2] == 0x80 and text[place - 3] == 0xE2:  # ” ’
        return end - place + 3
    return 0


@kernel
def _is_abbreviation(text: Bytes, end: int, classes: Bytes) -> bool:
    """Whether the letters before `end`, all that there are, make an abbreviation."""
    code = np.uint64(0)
    place = end
    while class_before(text, place, classes) & LETTER:
        byte = text[place - 1]
        if byte >= 0x80 or end - place == 8:
            return False
        code = code << np.uint64(8) | np.uint64(byte | 0x20)
        place -= 1
    for known in CODES:
        if known == code:
            return True
    return False
