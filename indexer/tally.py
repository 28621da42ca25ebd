"""What a scan adds up: counts by bucket, and the exposures worth keeping."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exposure.positions import RowSlots
from indexer.blocks import Hits, Integers, TextBlock
from indexer.bucket_counts import BucketCounts
from indexer.compiled.tallying import NOT_MET, number_phrases
from indexer.kept_exposures import KeptExposures
from indexer.token_sizes import TokenSizes


@dataclass
class Tally:
    """Adds up the hits of one shard, block by block, in any order and from one thread at a time.

    `phrases` is how many there are; `edges` are the rising first batches of the buckets; `keep_first` is K; `sizes_of`
    tokenises texts, None without a tokenizer. Memory follows the phrases that are met, not the hits.
    """

    shard: int
    phrases: int
    slots: RowSlots
    batch_sequences: int
    edges: Integers
    keep_first: int
    sizes_of: TokenSizes | None = None
    _met: int = 0
    _phrase_of: npt.NDArray[np.int32] = field(init=False)
    _number_of: npt.NDArray[np.int32] = field(init=False)
    _counts: BucketCounts = field(init=False)
    _exposures: KeptExposures = field(init=False)

    def __post_init__(self) -> None:
        batches = int(self.slots.slots.max(initial=0)) // self.batch_sequences + 1
        self._phrase_of = np.zeros(self.phrases, dtype=np.int32)
        self._number_of = np.full(self.phrases, NOT_MET, dtype=np.int32)
        self._counts = BucketCounts(self.phrases, self.edges, batches)
        self._exposures = KeptExposures(self.shard, self.phrases, self.keep_first, self.sizes_of)

    def add(self, block: TextBlock, hits: Hits) -> None:
        """Count `hits` once for each slot that shows their row, and keep the exposures worth it."""
        if not len(hits.phrase):
            return
        numbers = self._numbers(hits)
        passage, slot = self.slots.of_rows(block.row)
        slot_first = np.searchsorted(passage, np.arange(len(block) + 1))
        self._counts.add(numbers, hits.passage, slot_first, slot // self.batch_sequences, self._phrase_of[: self._met])
        self._exposures.add(block, hits, numbers, self._met, slot_first, slot)

    def result(self) -> tuple[pa.Table, pa.Table]:
        """(counts, exposures) of everything added, sorted; nothing can be added afterwards."""
        phrase_of = self._phrase_of[: self._met]
        exposures = self._exposures.result(phrase_of)
        del self._exposures  # counts may need much memory
        return self._counts.result(phrase_of), exposures

    def _numbers(self, hits: Hits) -> npt.NDArray[np.int32]:
        """The number of each hit's phrase, in the order in which phrases were met."""
        numbers = np.empty(len(hits.phrase), dtype=np.int32)
        self._met = number_phrases(hits.phrase, self._number_of, self._phrase_of, self._met, numbers)
        return numbers
