"""Which batches have been scanned, for each phrase group: what may be said of a phrase that was not found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from exposure.census import Census
from exposure.order_rules import Sequential
from exposure.units import rows_of_shard


@dataclass(frozen=True)
class Coverage:
    """Scanned batches of one group as half-open, rising, disjoint ranges.

    `first_missing_slot` is the first slot of the run that has not been scanned whole; None when all have.
    """

    ranges: tuple[tuple[int, int], ...]
    first_missing_slot: int | None
    missing_shards: tuple[int, ...] = ()

    @property
    def covered_batches(self) -> int:
        """How many batches from the first on are scanned without a gap."""
        return self.ranges[0][1] if self.ranges and self.ranges[0][0] == 0 else 0

    def contains(self, other: Coverage) -> bool:
        """Whether every batch that `other` covers is covered here."""
        return all(any(a <= start and end <= b for a, b in self.ranges) for start, end in other.ranges)

    def until(self, batch: int) -> Coverage:
        """The part of it that lies before `batch`."""
        ranges = tuple((start, min(end, batch)) for start, end in self.ranges if start < batch)
        return replace(self, ranges=ranges)


def coverage_of(census: Census, missing_shards: list[int]) -> Coverage:
    """The coverage when all shards but these have been scanned."""
    order = census.order
    if not missing_shards:
        return Coverage(((0, order.steps),), None)
    slots = np.unique(np.concatenate([_slots(census, shard) for shard in missing_shards]))
    if not len(slots):
        return Coverage(((0, order.steps),), None, tuple(missing_shards))
    holes = np.unique(slots // order.batch_sequences)
    bounds = np.concatenate([[-1], holes, [order.steps]])
    gaps = [(int(a) + 1, int(b)) for a, b in pairwise(bounds) if b > a + 1]
    return Coverage(tuple(gaps), int(slots[0]), tuple(missing_shards))


def _slots(census: Census, shard: int) -> np.typing.NDArray[np.int64]:
    order = census.order
    first, end = rows_of_shard(census, shard)
    if isinstance(order.order, Sequential):
        return order.row_slots(first, end).slots
    chosen = np.flatnonzero((order.run_order >= first) & (order.run_order < end))
    return chosen.astype(np.int64)
