"""Which code points may stand in a text that NFC leaves alone: a table for compiled code, made from unicodedata.

A value is UNSURE where NFC may change the code point or join it to one before: it has another composed form, composes
with what precedes it, or is not assigned here and might be in the tokenizer's version of Unicode. Otherwise it is the
canonical combining class; classes other than 0 must not fall from one code point to the next.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

UNSURE = 255
PAGE = 256
LAST_IN_UTF8 = 0x1FFFFF
"""Four bytes of UTF-8 can say more than there is; what a damaged file says is looked up too."""
_PLANES = (0, 1, 2, 3, 14)
"""Planes with assigned code points; nothing is known of others."""


class NfcTable(NamedTuple):
    """The value of code point c is `pages[page_of[c // PAGE], c % PAGE]`."""

    page_of: npt.NDArray[np.uint16]
    pages: npt.NDArray[np.uint8]


@cache
def nfc_table() -> NfcTable:
    """The table, made once in a process (a fraction of a second)."""
    seconds = _second_halves()
    numbers: dict[bytes, int] = {bytes([UNSURE]) * PAGE: 0}
    page_of = np.zeros((LAST_IN_UTF8 + 1) // PAGE, dtype=np.uint16)
    for plane in _PLANES:
        for page in range(plane << 8, (plane + 1) << 8):
            values = bytes(_value(chr(code), seconds) for code in range(page * PAGE, (page + 1) * PAGE))
            page_of[page] = numbers.setdefault(values, len(numbers))
    return NfcTable(page_of, np.frombuffer(b"".join(numbers), dtype=np.uint8).reshape(-1, PAGE))


def _value(character: str, seconds: frozenset[str]) -> int:
    if unicodedata.category(character) == "Cn" or character in seconds:
        return UNSURE
    if unicodedata.normalize("NFC", character) != character:
        return UNSURE
    return unicodedata.combining(character)


def _second_halves() -> frozenset[str]:
    """Every code point that composes with one before it: second parts of decompositions, and Hangul vowels and ends."""
    found = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for plane in _PLANES:
        for code in range(plane << 16, (plane + 1) << 16):
            parts = unicodedata.decomposition(chr(code)).split()
            if len(parts) == 2 and not parts[0].startswith("<"):
                found.add(chr(int(parts[1], 16)))
    return frozenset(found)
