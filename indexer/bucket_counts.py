"""Counts of occurrences by phrase and bucket of steps: one cell of a few bytes for each, changed in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exposure.segments import COUNTS_SCHEMA, reduce_counts
from indexer.blocks import Integers
from indexer.compiled.tallying import count_hits, list_cells
from indexer.growing import grown

Numbers = npt.NDArray[np.int32]

MOST = (1 << 32) - 1
"""What a cell can count; before one could hold more, all are set aside."""


@dataclass
class BucketCounts:
    """Cells [phrase number, bucket]. `edges` are the rising first batches of the buckets; the run has `batches`."""

    phrases: int
    edges: Integers
    batches: int
    _counted: int = 0
    _aside: list[pa.Table] = field(default_factory=list)
    _cells: npt.NDArray[Any] = field(init=False)

    def __post_init__(self) -> None:
        widest = int(np.diff(self.edges, append=max(self.batches, int(self.edges[-1]))).max())
        batch = np.uint16 if widest <= 1 << 16 else np.int64
        self._cells = np.zeros((0, len(self.edges)), dtype=[("count", np.uint32), ("first", batch), ("last", batch)])

    def add(
        self, numbers: Numbers, passages: Numbers, slot_first: Integers, batch: Integers, phrase_of: Numbers
    ) -> None:
        """Count each hit (number of its phrase, passage) in the batches [slot_first[p], slot_first[p + 1]) of `batch`.

        `phrase_of` has the phrase of every number that was given so far.
        """
        bucket = np.searchsorted(self.edges, batch, side="right") - 1
        most_slots = int(np.diff(slot_first).max(initial=1))
        step = max(MOST // most_slots, 1)
        self._cells = grown(self._cells, len(phrase_of), self.phrases)
        for first in range(0, len(numbers), step):
            some = slice(first, first + step)
            self._make_room(most_slots * len(numbers[some]), phrase_of)
            count_hits(numbers[some], passages[some], slot_first, bucket, batch - self.edges[bucket], self._cells)

    def result(self, phrase_of: Numbers) -> pa.Table:
        """COUNTS_SCHEMA, sorted."""
        table = self._table(phrase_of)
        return reduce_counts(pa.concat_tables([*self._aside, table]).combine_chunks()) if self._aside else table

    def _make_room(self, occurrences: int, phrase_of: Numbers) -> None:
        if self._counted + occurrences > MOST:
            self._aside.append(self._table(phrase_of))
            self._cells[:] = 0
            self._counted = 0
        self._counted += occurrences

    def _table(self, phrase_of: Numbers) -> pa.Table:
        rows = int(np.count_nonzero(self._cells["count"]))
        columns = [np.empty(rows, dtype=field.type.to_pandas_dtype()) for field in COUNTS_SCHEMA]
        list_cells(self._cells, np.argsort(phrase_of), phrase_of, self.edges, *columns)
        return pa.table(columns, schema=COUNTS_SCHEMA)
