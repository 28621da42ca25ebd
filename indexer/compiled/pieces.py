"""The pieces of texts looked up among those whose tokens are known.

Text is made of few distinct pieces (a word with the space before it), so almost all are found, and tokenising is mostly
this. A piece that is new and plain ASCII is merged here; any other is left to the tokenizer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.merges import Merges
from indexer.compiled.piece_cuts import FULL_WINDOW, Cutting, cut_window
from indexer.compiled.piece_table import (
    LONGEST_KEY,
    MIX,
    MIX_NEXT,
    SLOT,
    TOO_LONG,
    Bytes,
    Integers,
    Keys,
    Lengths,
    Words,
    has_room,
    hash_words,
    is_same,
    keep,
)
from indexer.compiled.vectors import load64, prefetch


class Scratch(NamedTuple):
    """Of the pieces of a window: where each starts and ends, its two words, its slot (FULL_WINDOW of each).

    `low_bytes[n]` and `high_bytes[n]` mask the first and the next 8 bytes of a piece of n, 16 at most.
    """

    start: Integers
    end: Integers
    first_word: Words
    next_word: Words
    slot: Words
    low_bytes: Words
    high_bytes: Words


@kernel
def look_up(
    text: Bytes,
    starts: Integers,
    ends: Integers,
    wanted: npt.NDArray[np.bool_],
    place: Integers,
    row_tokens: int,
    keys: Keys,
    lengths: Lengths,
    cutting: Cutting,
    merges: Merges,
    scratch: Scratch,
    found: Words,
    last: Integers,
    asked: Integers,
) -> tuple[int, int]:
    """Cut documents into pieces and look them up; returns (pieces, pieces to ask the tokenizer about).

    `place` (int64[6]: document, byte or -1 at its start, the kinds of the last but one and of the last character,
    pieces of the document so far, start of the piece) is where to begin, and holds where it stopped: at the end, or
    where one of the arrays may be too short. Documents that are not `wanted` have no pieces; of others the first
    `row_tokens` are enough. `found[k]` is the answer of piece k; `last[d]` counts the pieces up to the end of document
    d. Rows of `asked` are the number of a piece or -1, and where it starts and ends.
    """
    start, stop, first_word, next_word, slot_of, low_bytes, high_bytes = scratch
    slots, key_start, content = keys.slots, keys.start, keys.content
    mask = np.uint64(len(slots) // SLOT - 1)
    table, kinds, visible, merged = cutting.table, cutting.kinds, cutting.visible, cutting.merged
    pieces, asking = 0, 0
    while (
        place[0] < len(starts)
        and pieces + FULL_WINDOW <= len(found)
        and asking + FULL_WINDOW <= len(asked)
        and has_room(keys, lengths, asked)
    ):
        cut = cut_window(
            text, starts, ends, wanted, place, row_tokens, table, kinds, visible, start, stop, last, pieces
        )
        for index in range(cut):
            at, length = np.uint64(start[index]), np.uint64(stop[index] - start[index])
            if length <= np.uint64(16):
                first = load64(text, at) & low_bytes[length]
                other = load64(text, at + np.uint64(8)) & high_bytes[length]
            else:
                first, other = hash_words(text, at, length)
            slot = ((first ^ (other + length) * MIX_NEXT) * MIX) >> keys.shift
            first_word[index], next_word[index], slot_of[index] = first, other, slot
            prefetch(slots, np.uint64(SLOT) * slot)
        for index in range(cut):
            begin, size = start[index], stop[index] - start[index]
            first, other, slot = first_word[index], next_word[index], slot_of[index]
            entry = np.uint64(SLOT) * slot
            while slots[entry + np.uint64(3)] != 0 and not (
                slots[entry] == first
                and slots[entry + np.uint64(1)] == other
                and np.int64(slots[entry + np.uint64(3)] & np.uint64(0xFFFFFFFF)) == size
                and (size <= 16 or _is_kept(text, begin, size, content, key_start, slots[entry + np.uint64(3)]))
            ):
                slot = (slot + np.uint64(1)) & mask
                entry = np.uint64(SLOT) * slot
            if slots[entry + np.uint64(3)] != 0:
                found[pieces + index] = slots[entry + np.uint64(2)]
            elif size > LONGEST_KEY:
                found[pieces + index] = np.uint64(asking) << np.uint64(8) | np.uint64(TOO_LONG)
                asked[asking, 0], asked[asking, 1], asked[asking, 2] = -1, begin, stop[index]
                asking += 1
            else:
                piece = keys.used[0]
                if keep(text, begin, stop[index], first, other, slot, keys, lengths, merged, merges):
                    asked[asking, 0], asked[asking, 1], asked[asking, 2] = piece, begin, stop[index]
                    asking += 1
                found[pieces + index] = slots[entry + np.uint64(2)]
        pieces += cut
    return pieces, asking


@kernel
def _is_kept(text: Bytes, start: int, length: int, content: Bytes, key_start: Integers, key: Any) -> bool:
    """Whether a piece is the one that a slot's last number names, byte for byte."""
    return is_same(text, start, length, content, key_start[np.int64(key >> np.uint64(32))])
