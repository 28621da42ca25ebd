"""The table of what is looked for, and the filters that keep most places of a text away from it.

A *key* is a folded string to find, as tokens. Its *record* is a row of uint64 in `records`: two words that describe it
and its bytes, so that all that is needed of a key comes with one line of memory. An entry of the table is two uint64:
the hash of the beginning of a key (two tokens and more, or the whole of a key of one) and
`record << 2 | goes_on << 1 | 1`, with record 0 where that beginning is no key; 0 is a free entry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.arrays import Integers, Word, Words
from indexer.compiled.hashing import next_token
from indexer.compiled.jit import kernel

ONE = np.uint64(1)
FREE = np.uint64(0)
GOES_ON = np.uint64(2)
DESCRIBED = 2
"""Words of a record before its bytes."""


class KeyTable(NamedTuple):
    """Entries and filters; a `shift` says how many of a hash's high bits choose a place in what it stands beside.

    Filters: `singles`, keys of one token; `pairs`, the first two tokens of longer keys; `triples`, what a place must
    show that `pairs` lets through: the whole of a key of two tokens, the first three of longer ones. `record_bytes` are
    the records once more, as bytes. `longest` is the most tokens that a key has.
    """

    entries: npt.NDArray[np.uint64]
    shift: np.uint64
    records: npt.NDArray[np.uint64]
    record_bytes: npt.NDArray[np.uint8]
    singles: npt.NDArray[np.uint64]
    single_shift: np.uint64
    pairs: npt.NDArray[np.uint64]
    pair_shift: np.uint64
    triples: npt.NDArray[np.uint64]
    triple_shift: np.uint64
    has_singles: bool
    longest: int


# A record: the record whose hash is the same (0: none), tokens, bounds | length in bytes, the key's meaning.
TOKENS_AT, BOUNDS_AT, MEANING_AT = np.uint64(32), np.uint64(62), np.uint64(32)
LOW_HALF = np.uint64(0xFFFFFFFF)
MOST_TOKENS = np.uint64(0x3FFFFFFF)


@kernel
def same_hash(record: Word) -> int:
    """The next record of the same hash, from the first word of one; 0 where there is none."""
    return np.int64(record & LOW_HALF)


@kernel
def tokens_of(record: Word) -> int:
    """How many tokens the key has, from the first word of its record."""
    return np.int64(record >> TOKENS_AT & MOST_TOKENS)


@kernel
def bounds_of(record: Word) -> int:
    """Bit 0 where a word boundary is demanded before the key, bit 1 behind it; from the first word of its record."""
    return np.int64(record >> BOUNDS_AT)


@kernel
def bytes_of(record: Word) -> int:
    """How many bytes the key has, from the second word of its record."""
    return np.int64(record & LOW_HALF)


@kernel
def meaning_of(record: Word) -> int:
    """What a key is to its users, from the second word of its record; see word_keys.py."""
    return np.int32(record >> MEANING_AT)


@kernel
def is_in_filter(bits: Words, shift: Word, value: Word) -> Word:
    """1 where a hash may be in a filter of 2 ** (64 - shift) bits, 0 where it is not."""
    bit = value >> shift
    return (bits[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & ONE


@kernel
def add_to_filter(bits: Words, shift: Word, value: Word) -> None:
    """Put a hash into a filter."""
    bit = value >> shift
    bits[bit >> np.uint64(6)] |= ONE << (bit & np.uint64(63))


@kernel
def find_entry(entries: Words, shift: Word, value: Word) -> Word:
    """The second half of the entry of a hash; FREE where there is none."""
    slot = value >> shift
    last = (np.uint64(len(entries)) >> ONE) - ONE
    while True:
        found = entries[(slot << ONE) + ONE]
        if found == FREE or entries[slot << ONE] == value:
            return found
        slot = (slot + ONE) & last


@kernel
def record_of(entry: Word) -> int:
    """The record of the second half of an entry; 0 where it has none."""
    return np.int64(entry >> np.uint64(2))


@kernel
def _place_for(entries: Words, shift: Word, value: Word) -> Word:
    """Where the second half of the entry of a hash is, new or old."""
    slot = value >> shift
    last = (np.uint64(len(entries)) >> ONE) - ONE
    while entries[(slot << ONE) + ONE] != FREE and entries[slot << ONE] != value:
        slot = (slot + ONE) & last
    entries[slot << ONE] = value
    return (slot << ONE) + ONE


@kernel
def fill(table: KeyTable, hashes: Words, first_tokens: Integers, key_records: Integers, from_first: bool) -> None:
    """Enter every key: its record is at key_records[k], its tokens are first_tokens[k] to first_tokens[k + 1] - 1.

    Beginnings of one token are entered (into the filter `singles` too) only when they are whole keys or `from_first`.
    """
    entries, shift, records = table.entries, table.shift, table.records
    for key in range(len(key_records)):
        first, end = first_tokens[key], first_tokens[key + 1]
        value = hashes[first]
        if from_first or end == first + 1:
            add_to_filter(table.singles, table.single_shift, value)
        for token in range(first + 1, end):
            if from_first or token > first + 1:
                entries[_place_for(entries, shift, value)] |= GOES_ON | ONE
            value = next_token(value, hashes[token])
            if token == first + 1:
                add_to_filter(table.pairs, table.pair_shift, value)
            if token == first + 2 or token == first + 1 == end - 1:
                add_to_filter(table.triples, table.triple_shift, value)
        place = _place_for(entries, shift, value)
        record = key_records[key]
        records[record] |= np.uint64(record_of(entries[place])) | np.uint64(end - first) << TOKENS_AT
        entries[place] = np.uint64(record) << np.uint64(2) | entries[place] & GOES_ON | ONE
