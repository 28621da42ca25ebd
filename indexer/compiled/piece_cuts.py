"""Texts cut at safe places into pieces, a window of pieces at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.characters import decode
from indexer.compiled.jit import kernel
from indexer.compiled.vectors import high_mask, lowest_bit

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

WINDOW = 512
"""Pieces that are cut, then hashed, then looked up together: what they need of memory is fetched side by side."""
FULL_WINDOW = WINDOW + 66
"""Pieces of the longest window: text is cut 64 bytes at a time."""
STRIDE = 256
"""Columns of the table of safe cuts in compiled code."""
BEYOND = 129
"""The kind of characters beyond the basic plane: VISIBLE in safe_cuts.py."""
UNSURE = 130
"""As in safe_cuts.py."""


class Cutting(NamedTuple):
    """Where to cut: the table of safe_cuts.py in rows of STRIDE, its `kinds`, and which kinds are surely `visible`.

    `merged` has the bit of a byte's class where its runs are merged in compiled code (piece_table.py), else 0.
    """

    table: Bytes
    kinds: Bytes
    visible: Bytes
    merged: Bytes


@kernel
def cut_window(
    text: Bytes,
    starts: Integers,
    ends: Integers,
    wanted: npt.NDArray[np.bool_],
    place: Integers,
    row_tokens: int,
    table: Bytes,
    kinds: Bytes,
    visible: Bytes,
    start: Integers,
    stop: Integers,
    last: Integers,
    pieces: int,
) -> Any:
    """Cut pieces from `place` on, WINDOW or a few more; returns how many. Arguments as of `look_up` (pieces.py)."""
    document, at, before, left, count, piece = place[0], place[1], place[2], place[3], place[4], place[5]
    found = np.int64(0)
    while document < len(starts) and found < WINDOW:
        end = ends[document]
        if at < 0:
            at = piece = starts[document] if wanted[document] else end
            before, left, count = UNSURE, UNSURE, 0
        first = found
        while at < end and found < WINDOW:
            plain = min(lowest_bit(high_mask(text, at)), end - at)
            for _ in range(plain):  # without a branch at a cut, which would be guessed wrong too often
                right = np.int64(text[np.uint64(at)])
                rule = table[np.uint64(left * STRIDE + right)]
                if rule > 1:
                    rule = visible[before]
                stop[found] = at
                found += np.int64(rule)
                before, left = left, right
                at += 1
            if plain == 0:
                point, size = decode(text, at)
                right = _kind_of(point, kinds)
                rule = table[np.uint64(left * STRIDE + right)]
                stop[found] = at
                found += rule == 1 or (rule > 1 and visible[before])
                before, left = left, right
                at += size
            if count + found - first >= row_tokens:
                found = first + row_tokens - count
                at = end
        for index in range(first, found):
            start[index] = piece
            piece = stop[index]
        count += found - first
        if at >= end:
            if piece < end and count < row_tokens:
                start[found], stop[found] = piece, end
                found += 1
            last[document] = pieces + found
            document, at = document + 1, -1
        else:
            last[document] = pieces + found
    place[0], place[1], place[2], place[3], place[4], place[5] = document, at, before, left, count, piece
    return found


@kernel
def _kind_of(point: Any, kinds: Bytes) -> Any:
    return np.int64(kinds[point]) if point < 0x10000 else np.int64(BEYOND)
