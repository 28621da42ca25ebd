"""Byte-pair merges of one pre-token: again and again the leftmost of the pairs of lowest rank becomes one token."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

LONGEST = 64
"""Bytes of the longest pre-token that is merged here."""
NO_PAIR = np.uint64(2**64 - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Merges(NamedTuple):
    """The merges of a vocabulary in a hash table: rows of (left id << 32 | right id, rank << 32 | resulting id).

    `ids` is the token of each byte, `sizes` the bytes of each token, `shift` 64 less the bits of a row's number;
    `symbols` and `ranks` (rank << 32 | resulting id of each pair) are scratch for LONGEST tokens.
    """

    rows: Words
    shift: np.uint64
    ids: Numbers
    sizes: npt.NDArray[np.uint16]
    symbols: Numbers
    ranks: Words


@kernel
def enter_merges(lefts: Numbers, rights: Numbers, results: Numbers, merges: Merges) -> None:
    """Fill the table with merges in order of rank."""
    rows = merges.rows
    for rank in range(len(lefts)):
        row = _row_of(lefts[rank], rights[rank], rows, merges.shift)
        rows[row, 0] = np.uint64(lefts[rank]) << np.uint64(32) | np.uint64(rights[rank])
        rows[row, 1] = np.uint64(rank) << np.uint64(32) | np.uint64(results[rank])


@kernel
def _row_of(left: Any, right: Any, rows: Words, shift: Any) -> Any:
    """The row that holds a pair of ids, or the empty one where it would go."""
    pair = np.uint64(left) << np.uint64(32) | np.uint64(right)
    row = (pair * _MIX) >> shift
    while rows[row, 0] != pair and rows[row, 0] != NO_PAIR:
        row = (row + np.uint64(1)) & np.uint64(len(rows) - 1)
    return row


@kernel
def _rank(symbols: Numbers, place: Any, rows: Words, shift: Any) -> Any:
    """What becomes of the pair at `place`; an empty row is greater than any."""
    return rows[_row_of(symbols[place], symbols[place + 1], rows, shift), 1]


@kernel
def merged_sizes(text: Bytes, start: Any, length: Any, merges: Merges, sizes: Any, first: Any) -> Any:
    """Tokens of the pre-token text[start : start + length], LONGEST bytes at most; writes their bytes to `sizes`."""
    symbols, ranks, rows, shift = merges.symbols, merges.ranks, merges.rows, merges.shift
    for place in range(length):
        symbols[place] = merges.ids[text[start + place]]
    count = length
    for place in range(count - 1):
        ranks[place] = _rank(symbols, place, rows, shift)
    while count > 1:
        best = 0
        for place in range(1, count - 1):
            if ranks[place] < ranks[best]:
                best = place
        if ranks[best] == NO_PAIR:
            break
        symbols[best] = np.int32(ranks[best] & np.uint64(0xFFFFFFFF))
        count -= 1
        for place in range(best + 1, count):
            symbols[place] = symbols[place + 1]
            ranks[place - 1] = ranks[place]
        if best < count - 1:
            ranks[best] = _rank(symbols, best, rows, shift)
        if best > 0:
            ranks[best - 1] = _rank(symbols, best - 1, rows, shift)
    for place in range(count):
        sizes[first + place] = merges.sizes[symbols[place]]
    return count
