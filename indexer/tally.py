"""What a scan adds up: counts by bucket, and the exposures worth keeping."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exposure.positions import RowSlots
from exposure.segments import COUNTS_SCHEMA, EXPOSURES_SCHEMA, reduce_counts, reduce_exposures
from indexer.rows import Passage

Integers = npt.NDArray[np.int64]
MERGE_ROWS = 1 << 18


@dataclass(frozen=True)
class Hits:
    """Matches in a list of passages: phrase number, index of the passage, character in it; three equal lengths."""

    phrase: Integers
    passage: Integers
    position: Integers


@dataclass
class Tally:
    """Adds up the hits of one shard. `edges` are the rising first batches of the buckets; `keep_first` is K."""

    shard: int
    slots: RowSlots
    batch_sequences: int
    edges: Integers
    keep_first: int
    _counts: list[pa.Table] = field(default_factory=list)
    _exposures: list[pa.Table] = field(default_factory=list)

    def add(self, passages: list[Passage], hits: Hits) -> None:
        """Count `hits` once for each slot that shows their row."""
        rows = np.array([passage.row for passage in passages], dtype=np.int64)
        index, slot = self.slots.of_rows(rows[hits.passage])
        if not len(index):
            return
        phrase, passage, position = hits.phrase[index], hits.passage[index], hits.position[index]
        self._counts.append(self._count(phrase, slot // self.batch_sequences))
        self._exposures.append(self._keep(passages, phrase, slot, passage, position))
        if sum(table.num_rows for table in self._counts + self._exposures) > MERGE_ROWS:
            self._merge()

    def result(self) -> tuple[pa.Table, pa.Table]:
        """(counts, exposures) of everything added, sorted."""
        self._merge()
        return self._counts[0], self._exposures[0]

    def _merge(self) -> None:
        counts = pa.concat_tables([COUNTS_SCHEMA.empty_table(), *self._counts]).combine_chunks()
        exposures = pa.concat_tables([EXPOSURES_SCHEMA.empty_table(), *self._exposures]).combine_chunks()
        self._counts = [reduce_counts(counts)]
        self._exposures = [reduce_exposures(exposures, self.keep_first)]

    def _count(self, phrase: Integers, batch: Integers) -> pa.Table:
        bucket = self.edges[np.searchsorted(self.edges, batch, side="right") - 1]
        ones = np.ones(len(phrase), dtype=np.int64)
        return reduce_counts(pa.table([phrase.astype(np.int32), bucket, ones, batch, batch], schema=COUNTS_SCHEMA))

    def _keep(
        self, passages: list[Passage], phrase: Integers, slot: Integers, passage: Integers, position: Integers
    ) -> pa.Table:
        offsets = np.array([one.offset for one in passages], dtype=np.int64)
        kept = reduce_exposures(
            pa.table(
                {
                    "phrase": phrase.astype(np.int32),
                    "slot": slot,
                    "offset": offsets[passage] + position,
                    "passage": passage,
                    "position": position,
                }
            ),
            self.keep_first,
        )
        places = list(zip(kept["passage"].to_pylist(), kept["position"].to_pylist(), strict=True))
        return pa.table(
            [
                *(kept[name] for name in ("phrase", "slot", "offset")),
                [passages[one].token_at(where) for one, where in places],
                [self.shard] * len(places),
                [passages[one].document for one, _ in places],
                [passages[one].document_id for one, _ in places],
                [passages[one].document_offset + where for one, where in places],
            ],
            schema=EXPOSURES_SCHEMA,
        )
