"""Byte-pair merges of one pre-token: again and again the pair of lowest rank, the leftmost of equals, becomes one token."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel

LONGEST = 64
"""Bytes of the longest pre-token that is merged here."""
NO_PAIR = np.uint64(2**64 - 1)
NO_RANK = np.int32(2**31 - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Merges(NamedTuple):
    """The merges of a vocabulary in a hash table: slots of (left id << 32 | right id), rank and resulting id.

    `ids` is the token of each byte, `sizes` the bytes of each token, `shift` 64 less the bits of a slot's number; `symbols`
    and `ranks` are scratch for LONGEST tokens.
    """

    pairs: npt.NDArray[np.uint64]
    rank_of: npt.NDArray[np.int32]
    made: npt.NDArray[np.int32]
    shift: np.uint64
    ids: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.uint16]
    symbols: npt.NDArray[np.int32]
    ranks: npt.NDArray[np.int32]


@kernel
def slot_of(left, right, pairs, shift):  # type: ignore[no-untyped-def]
    """The slot that holds a pair of ids, or the empty one where it would go."""
    pair = np.uint64(left) << np.uint64(32) | np.uint64(right)
    slot = (pair * _MIX) >> shift
    while pairs[slot] != pair and pairs[slot] != NO_PAIR:
        slot = (slot + np.uint64(1)) & np.uint64(len(pairs) - 1)
    return slot


@kernel
def enter_merges(lefts, rights, results, merges):  # type: ignore[no-untyped-def]
    """Fill the table with merges in order of rank; all int32."""
    for rank in range(len(lefts)):
        slot = slot_of(lefts[rank], rights[rank], merges.pairs, merges.shift)
        merges.pairs[slot] = np.uint64(lefts[rank]) << np.uint64(32) | np.uint64(rights[rank])
        merges.rank_of[slot] = rank
        merges.made[slot] = results[rank]


@kernel
def _rank(merges, place):  # type: ignore[no-untyped-def]
    slot = slot_of(merges.symbols[place], merges.symbols[place + 1], merges.pairs, merges.shift)
    return merges.rank_of[slot] if merges.pairs[slot] != NO_PAIR else NO_RANK


@kernel
def merged_sizes(text, start, length, merges, sizes, first):  # type: ignore[no-untyped-def]
    """Tokens of the pre-token text[start : start + length] (LONGEST bytes at most); writes their bytes from sizes[first]."""
    symbols, ranks = merges.symbols, merges.ranks
    for place in range(length):
        symbols[place] = merges.ids[text[start + place]]
    count = length
    for place in range(count - 1):
        ranks[place] = _rank(merges, place)
    while count > 1:
        best = 0
        for place in range(1, count - 1):
            if ranks[place] < ranks[best]:
                best = place
        if ranks[best] == NO_RANK:
            break
        symbols[best] = merges.made[slot_of(symbols[best], symbols[best + 1], merges.pairs, merges.shift)]
        count -= 1
        for place in range(best + 1, count):
            symbols[place] = symbols[place + 1]
            ranks[place - 1] = ranks[place]
        if best < count - 1:
            ranks[best] = _rank(merges, best)
        if best > 0:
            ranks[best - 1] = _rank(merges, best - 1)
    for place in range(count):
        sizes[first + place] = merges.sizes[symbols[place]]
    return count
