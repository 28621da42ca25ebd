"""Counting hits in place, by phrase and bucket.

Phrases that were met are numbered anew in the order of meeting: `numbers` has that of each hit's phrase. A hit occurs
once in each slot that shows its passage's row: those of passage p are [slot_first[p], slot_first[p + 1]) of columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.vectors import prefetch

Numbers = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Records = npt.NDArray[Any]

NOT_MET = -1

_AHEAD = 8
"""Hits between asking for the memory that one needs and needing it."""


@kernel
def number_phrases(phrases: Numbers, number_of: Numbers, phrase_of: Numbers, met: int, numbers: Numbers) -> int:
    """Number the phrase of each hit; `number_of` a phrase is NOT_MET at first. Returns how many have been met."""
    for hit in range(len(phrases)):
        phrase = phrases[hit]
        if number_of[phrase] == NOT_MET:
            number_of[phrase] = met
            phrase_of[met] = phrase
            met += 1
        numbers[hit] = number_of[phrase]
    return met


@kernel
def count_hits(
    numbers: Numbers, passages: Numbers, slot_first: Integers, bucket: Integers, batch: Integers, cells: Records
) -> None:
    """Count each occurrence in its cell [number, bucket]; `batch` counts from the start of its bucket."""
    width = cells.shape[1]
    flat = cells.reshape(-1)
    for hit in range(len(numbers)):
        if hit + _AHEAD < len(numbers):
            ahead = slot_first[passages[hit + _AHEAD]]
            if ahead < len(bucket):
                prefetch(flat, numbers[hit + _AHEAD] * width + bucket[ahead])
        passage = passages[hit]
        for place in range(slot_first[passage], slot_first[passage + 1]):
            cell = flat[numbers[hit] * width + bucket[place]]
            if cell.count == 0:
                cell.first = batch[place]
                cell.last = batch[place]
            else:
                cell.first = min(cell.first, batch[place])
                cell.last = max(cell.last, batch[place])
            cell.count += 1


@kernel
def list_cells(
    cells: Records,
    order: Integers,
    phrase_of: Numbers,
    edges: Integers,
    phrase: Numbers,
    bucket: Integers,
    count: Integers,
    first: Integers,
    last: Integers,
) -> None:
    """Columns of the cells that counted anything, numbers in `order`; `edges` are the first batches of the buckets."""
    row = 0
    for number in order:
        for place in range(len(edges)):
            cell = cells[number, place]
            if cell.count:
                phrase[row] = phrase_of[number]
                bucket[row] = edges[place]
                count[row] = cell.count
                first[row] = edges[place] + cell.first
                last[row] = edges[place] + cell.last
                row += 1
