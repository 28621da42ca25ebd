"""Where a row of the corpus stands in the run: pure functions over integers and arrays.

Words used everywhere: a *row* is one training sequence of the corpus, numbered through all shards; a *slot* is a place
in the run, 0-based, filled by one row; slot // B is the batch, slot % B the sequence within it. Checkpoint stepN has
consumed the batches 0 … N−1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int64]


Batch = TypeVar("Batch", int, Slots)
"""One batch, or an array of them."""


def first_step(first_batch: Batch) -> Batch:
    """The smallest N such that checkpoint stepN has consumed batch `first_batch`."""
    return first_batch + 1


@overload
def seen_by(first_batch: int, step: int) -> bool: ...


@overload
def seen_by(first_batch: Slots, step: int) -> npt.NDArray[np.bool_]: ...


def seen_by(first_batch: int | Slots, step: int) -> bool | npt.NDArray[np.bool_]:
    """Whether checkpoint `step` has consumed a batch at or after `first_batch`: the one definition of "seen by"."""
    return first_batch < step


def steps_of(slots: int, batch_sequences: int) -> int:
    """Training steps of a run of `slots` rows; a last batch that is not full is a step too."""
    return -(-slots // batch_sequences)


def shuffled_epoch(rows: int, seed: int, epoch: int) -> npt.NDArray[np.uint32]:
    """Row in each place of one epoch, by the rule `pcg64`: shuffle of 0 … rows−1 by PCG64(seed + epoch), epoch 0-based.

    The rule of OLMo's loader. NumPy does not promise this stream for ever, hence the digest kept in every manifest.
    """
    order = np.arange(rows, dtype=np.uint32)
    np.random.Generator(np.random.PCG64(seed + epoch)).shuffle(order)
    return order


@dataclass(frozen=True)
class RowSlots:
    """For every row the slots that hold it, in increasing order (compressed rows: slots[indptr[r] : indptr[r + 1]]).

    Rows start at `first_row`. A row that the run never shows has none; a run of E epochs gives each row E.
    """

    first_row: int
    indptr: npt.NDArray[np.int64]
    slots: Slots

    def of_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Slots]:
        """For an array of rows: (index into `rows`, slot) of every occurrence, both of the same length."""
        starts = self.indptr[rows - self.first_row]
        counts = self.indptr[rows - self.first_row + 1] - starts
        index = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        return index, self.slots[np.repeat(starts, counts) + within]


def sequential_slots(first_row: int, end_row: int, rows: int, epochs: int) -> RowSlots:
    """The slots of rows [first_row, end_row) when each of `epochs` epochs shows all `rows` rows in order."""
    in_epoch = np.arange(first_row, end_row, dtype=np.int64)
    slots = (in_epoch[:, None] + np.arange(epochs, dtype=np.int64)[None, :] * rows).ravel()
    return RowSlots(first_row, np.arange(0, len(slots) + 1, epochs, dtype=np.int64), slots)


def invert(order: npt.NDArray[Any], first_row: int, end_row: int) -> RowSlots:
    """The slots of rows [first_row, end_row) in a run whose slot k holds row order[k]."""
    chosen = np.flatnonzero((order >= first_row) & (order < end_row)).astype(np.int64)
    rows = order[chosen].astype(np.int64) - first_row
    by_row = np.argsort(rows, kind="stable")
    indptr = np.zeros(end_row - first_row + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=end_row - first_row), out=indptr[1:])
    return RowSlots(first_row, indptr, chosen[by_row])
