"""The vector operations as plain loops: what llvm_vectors.py does, where its intrinsics cannot be built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

VECTOR = 64
_ONE = np.uint64(1)


@register_jitable
def _is_word(byte: int) -> bool:
    lower = byte | 0x20
    return 0x61 <= lower <= 0x7A or 0x30 <= byte <= 0x39 or byte == 0x5F


@register_jitable
def _is_space(byte: int) -> bool:
    return byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F


@register_jitable
def _is_high(byte: int) -> bool:
    return byte >= 0x80


@register_jitable
def _is_continuing(byte: int) -> bool:
    return 0x80 <= byte <= 0xBF


@register_jitable
def _is_escape_or_quote(byte: int) -> bool:
    return byte in (0x5C, 0x22)


@register_jitable
def _is_newline(byte: int) -> bool:
    return byte == 0x0A


def _mask_of(test: Callable[[int], bool]) -> Any:
    @register_jitable
    def mask(array, index):  # type: ignore[no-untyped-def]
        bits = np.uint64(0)
        for place in range(VECTOR):
            if test(array[np.uint64(index + place)]):
                bits |= _ONE << np.uint64(place)
        return bits

    return mask


word_mask = _mask_of(_is_word)
space_mask = _mask_of(_is_space)
high_mask = _mask_of(_is_high)
continuing_mask = _mask_of(_is_continuing)
escape_or_quote_mask = _mask_of(_is_escape_or_quote)
newline_mask = _mask_of(_is_newline)


@register_jitable
def load64(array, index):  # type: ignore[no-untyped-def]
    """The 8 bytes from byte `index` on as a little-endian uint64."""
    word = np.uint64(0)
    for place in range(8):
        word |= np.uint64(array[np.uint64(index + place)]) << np.uint64(8 * place)
    return word


@register_jitable
def copy_vector(target, to, source, start):  # type: ignore[no-untyped-def]
    """Copy the 64 bytes from `source[start]` on to `target[to]` on."""
    for place in range(VECTOR):
        target[np.uint64(to + place)] = source[np.uint64(start + place)]


@register_jitable
def copy_folded(target, to, source, start):  # type: ignore[no-untyped-def]
    """Copy 64 bytes as copy_vector does, ASCII capitals as small letters."""
    for place in range(VECTOR):
        byte = source[np.uint64(start + place)]
        target[np.uint64(to + place)] = byte | 0x20 if 0x41 <= byte <= 0x5A else byte


@register_jitable
def lowest_bit(mask):  # type: ignore[no-untyped-def]
    """Place of the lowest set bit of a mask; 64 where there is none."""
    for place in range(64):
        if mask >> np.uint64(place) & _ONE:
            return place
    return 64


@register_jitable
def highest_bit(mask):  # type: ignore[no-untyped-def]
    """Place of the highest set bit of a mask; -1 where there is none."""
    for place in range(63, -1, -1):
        if mask >> np.uint64(place) & _ONE:
            return place
    return -1


@register_jitable
def bit_count(mask):  # type: ignore[no-untyped-def]
    """How many bits of a mask are set."""
    count = 0
    while mask:
        mask &= mask - _ONE
        count += 1
    return count


@register_jitable
def prefetch(array, index):  # type: ignore[no-untyped-def]
    """Nothing: what is asked for in advance only comes sooner."""
