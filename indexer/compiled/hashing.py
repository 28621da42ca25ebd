"""Hashes of tokens, and of sequences of them.

A hash only says where to look: whatever it finds is compared byte by byte. So a hash may ignore what is rare, and does:
the middle of words longer than 16 bytes, and everything behind byte LONGEST.
"""

from __future__ import annotations

import numpy as np

from indexer.compiled.arrays import Bytes, Places, Word, Words
from indexer.compiled.characters import FILLER
from indexer.compiled.jit import kernel
from indexer.compiled.vectors import bit_count, load64, lowest_bit

ONE = np.uint64(1)
EIGHT = np.uint64(8)
SIX = np.uint64(6)
MIX_TOKEN = np.uint64(0x9E3779B97F4A7C15)
MIX_SEQUENCE = np.uint64(0xA0761D6478BD642F)

FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(8)], dtype=np.uint64)
"""Masks of the first 0 … 7 bytes of a little-endian uint64."""

LONGEST = np.uint64(58)
"""Bytes of a token that are looked at: a mask read from any bit on shows 57 bits at least."""


@kernel
def next_token(sequence: Word, token: Word) -> Word:
    """The hash of a sequence of tokens with one more; the hash of a sequence of one is its token's."""
    return (sequence * MIX_SEQUENCE) ^ token


@kernel
def token_hash(text: Bytes, start: Word, length: Word) -> Word:
    """Hash of the token of `length` (1 … LONGEST) bytes from `start` on: all uint64.

    The branch is worth it: few words have more than seven bytes.
    """
    value = load64(text, start)
    if length < EIGHT:
        value &= FIRST_BYTES[length]
    else:
        last = load64(text, start + length - EIGHT)
        value ^= last << np.uint64(23) | last >> np.uint64(41)
    return value * MIX_TOKEN


@kernel
def token_length(marks: Bytes, start: Word) -> Word:
    """Bytes of the token that begins at `start`, LONGEST at most; `marks` as bytes."""
    behind = start + ONE
    window = load64(marks, behind >> np.uint64(3)) >> (behind & np.uint64(7))
    length = np.uint64(lowest_bit(window)) + ONE
    return LONGEST if length > LONGEST else length


@kernel
def token_starts(begins: Words, first: int, end: int, starts: Places, count: int) -> int:
    """Append the places of the set bits of blocks [first, end) to `starts`; returns their new number.

    Writes eight at a time, so up to 16 more than there are: a loop that ends anywhere is guessed wrong too often.
    """
    for block in range(first, end):
        bits = begins[block]
        base = np.uint64(block) << SIX
        found = bit_count(bits)
        for slot in range(count, count + 8):
            starts[slot] = base + np.uint64(lowest_bit(bits))
            bits &= bits - ONE
        if found > 8:
            for slot in range(count + 8, count + 16):
                starts[slot] = base + np.uint64(lowest_bit(bits))
                bits &= bits - ONE
            for slot in range(count + 16, count + found):
                starts[slot] = base + np.uint64(lowest_bit(bits))
                bits &= bits - ONE
        count += found
    return count


@kernel
def hash_tokens(text: Bytes, marks: Bytes, starts: Places, first: int, end: int, hashes: Words) -> None:
    """Hashes of the tokens [first, end) of `starts`.

    Four at a time: then this is long enough for the compiler to keep it apart, with all registers to itself.
    """
    in_fours = end - (end - first & 3)
    for token in range(first, in_fours, 4):
        hashes[token] = _hash_of(text, marks, starts[token])
        hashes[token + 1] = _hash_of(text, marks, starts[token + 1])
        hashes[token + 2] = _hash_of(text, marks, starts[token + 2])
        hashes[token + 3] = _hash_of(text, marks, starts[token + 3])
    for token in range(in_fours, end):
        hashes[token] = _hash_of(text, marks, starts[token])


@kernel
def _hash_of(text: Bytes, marks: Bytes, place: Word) -> Word:
    start = np.uint64(place)
    return token_hash(text, start, token_length(marks, start))


@kernel
def hash_odd_token(text: Bytes, marks: Bytes, start: int, whole: Bytes) -> Word:
    """Hash of a token with FILLER bytes in it, as if they were not there; `whole` is scratch of LONGEST + 16 bytes."""
    length = 0
    place = start
    while length < LONGEST:
        if text[place] != FILLER:
            whole[length] = text[place]
            length += 1
        place += 1
        if marks[place >> 3] >> (place & 7) & 1:
            break
    return token_hash(whole, np.uint64(0), np.uint64(length))
