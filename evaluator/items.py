"""Per-item scores of one checkpoint by one scoring spec: a Parquet file, one row a pair, in the order of pairs.parquet.

From it everything else is made without a model: other norms, ties, splits, thresholds, permutations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError

METADATA_KEY = b"exposure"

_LOG_PROBS = pa.list_(pa.field("element", pa.float32(), nullable=False))

SCHEMA = pa.schema([
    pa.field("pair", pa.int32(), nullable=False),
    pa.field("delta", pa.float64()),
    pa.field("score_good", pa.float64()),
    pa.field("score_bad", pa.float64()),
    pa.field("token_log_probs_good", _LOG_PROBS),
    pa.field("token_log_probs_bad", _LOG_PROBS),
    pa.field("rescored", pa.bool_(), nullable=False),
])  # fmt: skip
"""`score_*`: sum of log p in nats; `delta` = good − bad. All null where the method does not apply to the pair."""


@dataclass(frozen=True)
class SideScores:
    """Token log-probabilities of one side of all pairs, end to end: those of pair i are [starts[i], starts[i + 1])."""

    log_probs: npt.NDArray[np.float32]  # [scored tokens]
    starts: npt.NDArray[np.int64]  # [pair + 1]

    @property
    def sums(self) -> npt.NDArray[np.float64]:
        """[pair] The score of each side, added in fp64, each side by itself: the same tokens give the same sum."""
        sums = np.zeros(len(self.starts) - 1)
        is_scored = self.counts > 0
        if is_scored.any():
            sums[is_scored] = np.add.reduceat(self.log_probs, self.starts[:-1][is_scored], dtype=np.float64)
        return sums

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """[pair] Tokens that were scored."""
        return np.diff(self.starts)

    def with_scores(self, places: npt.NDArray[np.int64], other: SideScores) -> SideScores:
        """The pairs at `places`, which have as many tokens there, as in `other`; the rest as it is."""
        mine = [np.arange(*self.starts[place : place + 2]) for place in places.tolist()]
        log_probs = self.log_probs.copy()
        log_probs[np.concatenate([np.zeros(0, np.int64), *mine])] = other.log_probs
        return SideScores(log_probs, self.starts)


@dataclass(frozen=True)
class ItemScores:
    """What one checkpoint makes of all pairs. A pair with no scored token was not applicable."""

    good: SideScores
    bad: SideScores
    rescored: npt.NDArray[np.bool_]  # [pair] near ties that were scored again in fp32

    def __len__(self) -> int:
        return len(self.rescored)

    @property
    def is_scored(self) -> npt.NDArray[np.bool_]:
        """[pair] Whether the method applies to the pair."""
        return np.asarray((self.good.counts > 0) & (self.bad.counts > 0))

    @property
    def delta(self) -> npt.NDArray[np.float64]:
        """[pair] score_good − score_bad in nats; NaN where the method does not apply."""
        return np.where(self.is_scored, self.good.sums - self.bad.sums, np.nan)

    def with_scores(self, places: npt.NDArray[np.int64], other: ItemScores, rescored: bool | None = None) -> ItemScores:
        """The pairs at `places` as in `other`, and their `rescored` set where it is given; the rest as it is."""
        flags = self.rescored.copy()
        flags[places] = other.rescored if rescored is None else rescored
        good, bad = self.good.with_scores(places, other.good), self.bad.with_scores(places, other.bad)
        return ItemScores(good, bad, flags)


def write_items(path: Path, items: ItemScores, provenance: Mapping[str, object]) -> None:
    """Write durably, whole or not at all: same arguments, same bytes."""
    unscored = ~items.is_scored
    columns = [
        pa.array(np.arange(len(items), dtype=np.int32)),
        pa.array(items.delta, mask=unscored),
        pa.array(items.good.sums, mask=unscored),
        pa.array(items.bad.sums, mask=unscored),
        _lists(items.good, unscored),
        _lists(items.bad, unscored),
        pa.array(items.rescored),
    ]
    metadata = {METADATA_KEY: json.dumps(dict(provenance), sort_keys=True).encode()}
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))
    with atomic_write(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _lists(side: SideScores, unscored: npt.NDArray[np.bool_]) -> pa.ListArray:
    offsets = pa.array(side.starts.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(side.log_probs), _LOG_PROBS, mask=pa.array(unscored))


def read_items(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The table of a file of items; raises EvaluationError where it is none or damaged."""
    try:
        return pq.read_table(path, columns=columns, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvaluationError(
            f"{path} cannot be read as scores ({str(error).splitlines()[0]}). Delete it and "
            "evaluate the same again: only what is missing is scored."
        ) from error
