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
NO_RANK = np.int32(2**31 - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Merges(NamedTuple):
    """The merges of a vocabulary in a hash table: slots of (left id << 32 | right id), rank and resulting id.

    `ids` is the token of each byte, `sizes` the bytes of each token, `shift` 64 less the bits of a slot's number;
    `symbols` and `ranks` are scratch for LONGEST tokens.
    """

    pairs: Words
    rank_of: Numbers
    made: Numbers
    shift: np.uint64
    ids: Numbers
    sizes: npt.NDArray[np.uint16]
    symbols: Numbers
    ranks: Numbers


@kernel
def slot_of(left: Any, right: Any, pairs: Words, shift: Any) -> Any:
    """The slot that holds a pair of ids, or the empty one where it would go."""
    pair = np.uint64(left) << np.uint64(32) | np.uint64(right)
    slot = (pair * _MIX) >> shift
    while pairs[slot] != pair and pairs[slot] != NO_PAIR:
        slot = (slot + np.uint64(1)) & np.uint64(len(pairs) - 1)
    return slot


@kernel
def enter_merges(lefts: Numbers, rights: Numbers, results: Numbers, merges: Merges) -> None:
    """Fill the table with merges in order of rank."""
    for rank in range(len(lefts)):
        slot = slot_of(lefts[rank], rights[rank], merges.pairs, merges.shift)
        merges.pairs[slot] = np.uint64(lefts[rank]) << np.uint64(32) | np.uint64(rights[rank])
        merges.rank_of[slot] = rank
        merges.made[slot] = results[rank]


@kernel
def _rank(merges: Merges, place: Any) -> Any:
    slot = slot_of(merges.symbols[place], merges.symbols[place + 1], merges.pairs, merges.shift)
    return merges.rank_of[slot] if merges.pairs[slot] != NO_PAIR else NO_RANK


@kernel
def merged_sizes(text: Bytes, start: Any, length: Any, merges: Merges, sizes: Any, first: Any) -> Any:
    """Tokens of the pre-token text[start : start + length], LONGEST bytes at most; their bytes go to sizes[first] on."""
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
