"""Timelines of a given size, made once and kept: segments with invented counts, published by `publish` itself.

Phrases are two to four words; each is seen in `ROWS_A_PHRASE` of 154 buckets. Nothing is scanned: only what a scan
would have written is invented, so that tables, sizes and sorting are those of a real timeline.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from exposure.census import Census, ShardCensus, SidecarKeys
from exposure.orders import Checkpoints, DataOrder, Shard
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.publish import publish
from exposure.segments import COUNTS_SCHEMA, EXPOSURES_SCHEMA
from exposure.timeline_folder import TimelineFolder
from exposure.timeline_settings import TimelineSettings
from exposure.units import Unit, plan_units

STEPS = 154_000
BATCH_SEQUENCES = 16
GRID = 1_000
SHARDS = 2
ROWS_A_PHRASE = 50
KEPT = 8
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


@dataclass(frozen=True)
class Size:
    """How many phrases a timeline has; it has fifty times as many rows of counts."""

    phrases: int

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"p{self.phrases}"


def timeline_of(data: Path, size: Size) -> TimelineFolder:
    """The timeline of `size` in the data directory `data`, made and published where it is not there yet."""
    path = data / "timelines" / size.name
    if not (path / "CURRENT").exists():
        folder = _written(path, size)
        publish(folder, census_of(folder.order))
    return TimelineFolder.open(path)


def census_of(order: DataOrder) -> Census:
    """The census of an invented order, which has no sidecars and needs none to publish."""
    return Census(order, tuple(ShardCensus(Path(), SidecarKeys("", None), shard) for shard in order.shards))


def phrases_of(size: Size) -> list[str]:
    """The phrases, in the order in which they are made; the same ones for the same size."""
    random = np.random.default_rng(size.phrases)
    words = np.array(sorted({_word(random) for _ in range(20_000)}))
    found: dict[str, None] = {}
    while len(found) < size.phrases:
        for choice in random.integers(0, len(words), (size.phrases // 4 + 16, 3)):
            found[" ".join(words[choice])] = None
    return list(found)[: size.phrases]


def _word(random: np.random.Generator) -> str:
    return "".join(random.choice(_LETTERS, random.integers(3, 10)))


def _written(path: Path, size: Size) -> TimelineFolder:
    order = _order(size)
    checkpoints = Checkpoints(every=GRID)
    folder = TimelineFolder.create(path, TimelineSettings(MatchRule(), KEPT, GRID, checkpoints, order.steps))
    folder.set_order(order)
    groups = folder.admit(PhraseSet.of(map(Phrase, phrases_of(size))))
    for unit in plan_units(census_of(order), groups, folder.settings):
        counts, exposures = _facts(unit, size.phrases)
        folder.segments.write(unit.key, unit.group, (unit.key,), unit.identity, counts, exposures)
    return folder


def _order(size: Size) -> DataOrder:
    rows = STEPS * BATCH_SEQUENCES
    shards = tuple(
        Shard(path=f"{number}.jsonl", bytes=1, sha256=hashlib.sha256(f"{size.name} {number}".encode()).hexdigest(),
              documents=rows // SHARDS, characters=1)
        for number in range(SHARDS)
    )  # fmt: skip
    return DataOrder(
        shards=shards, packing="document-per-row", batch_sequences=BATCH_SEQUENCES, rows=rows, slots=rows,
        exactness="approximate", checkpoints=Checkpoints(every=GRID),
    )  # fmt: skip


def _facts(unit: Unit, phrases: int) -> tuple[pa.Table, pa.Table]:
    """(counts, exposures) of one shard: each phrase in `ROWS_A_PHRASE / SHARDS` of its buckets."""
    random = np.random.default_rng(unit.shard)
    edges = np.array(unit.edges)
    rows, chosen = phrases * ROWS_A_PHRASE // SHARDS, ROWS_A_PHRASE // SHARDS
    first_bucket = random.integers(0, len(edges) - chosen, phrases)
    phrase = np.repeat(np.arange(phrases, dtype=np.int32), chosen)
    bucket = edges[np.repeat(first_bucket, chosen) + np.tile(np.arange(chosen), phrases)]
    first = bucket + random.integers(0, GRID // 2, rows)
    last = first + random.integers(0, GRID // 2, rows)
    counts = pa.table([phrase, bucket, random.integers(KEPT + 2, 40, rows), first, last], schema=COUNTS_SCHEMA)
    starts = np.arange(0, rows, chosen)
    return counts, _exposures(unit, phrases, first[starts], last[starts + chosen - 1], random)


def _exposures(
    unit: Unit, phrases: int, first: np.ndarray, last: np.ndarray, random: np.random.Generator
) -> pa.Table:  # fmt: skip
    """The first exposures, all in the first batch of the phrase, and the last one."""
    sequence = np.tile(np.arange(KEPT), (phrases, 1))
    slots = np.concatenate([first[:, None] * BATCH_SEQUENCES + sequence, last[:, None] * BATCH_SEQUENCES + 15], axis=1)
    slot = slots.ravel()
    document = slot - unit.first_row
    zeros = np.zeros(len(slot), np.int64)
    return pa.table(
        [
            np.repeat(np.arange(phrases, dtype=np.int32), KEPT + 1),
            slot,
            random.integers(0, 3_000, len(slot)),
            pa.nulls(len(slot), pa.int64()),
            np.full(len(slot), unit.shard, np.int32),
            document,
            pa.array([f"d{number}" for number in slot]),
            zeros,
        ],
        schema=EXPOSURES_SCHEMA,
    )
