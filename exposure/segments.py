"""The immutable result of one unit of work: two Parquet files, and a marker that is written last.

* counts: for each phrase and bucket of steps that has any, `count`, `first_batch`, `last_batch`; sorted.
* exposures: for each phrase its first K exposures and its last one, by (slot, offset); sorted.

Phrases are numbered within their phrase group. Reductions are pure, associative and indifferent to order, so the same
code merges batches of a scan, segments of a compaction and everything at publication.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.errors import TimelineError
from exposure.provenance import sha256_of_file

SCAN_SEMANTICS = 1
"""Changes only when the result of a scan would; part of every unit's key."""

COUNTS_SCHEMA = pa.schema(
    [
        ("phrase", pa.int32()),
        ("bucket", pa.int64()),
        ("count", pa.int64()),
        ("first_batch", pa.int64()),
        ("last_batch", pa.int64()),
    ]
)
EXPOSURES_SCHEMA = pa.schema(
    [
        ("phrase", pa.int32()),
        ("slot", pa.int64()),
        ("offset", pa.int64()),
        ("token", pa.int64()),
        ("shard", pa.int32()),
        ("document", pa.int64()),
        ("document_id", pa.string()),
        ("document_offset", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Marker:
    """Says that a segment is whole: what it covers (`members`, the keys of units) and the digests of its two files."""

    key: str
    group: str
    members: tuple[str, ...]
    counts_sha256: str
    exposures_sha256: str
    unit: dict[str, Any]


@dataclass(frozen=True)
class SegmentFolder:
    """A folder of segments, each under its key."""

    path: Path

    def counts_path(self, key: str) -> Path:
        """Where the counts of segment `key` are."""
        return self.path / f"{key}.counts.parquet"

    def exposures_path(self, key: str) -> Path:
        """Where the exposures of segment `key` are."""
        return self.path / f"{key}.exposures.parquet"

    def marker_path(self, key: str) -> Path:
        """Where the marker of segment `key` is."""
        return self.path / f"{key}.json"

    def has(self, key: str) -> bool:
        """Whether segment `key` is finished and there."""
        return all(path(key).exists() for path in (self.marker_path, self.counts_path, self.exposures_path))

    def write(
        self,
        key: str,
        group: str,
        members: tuple[str, ...],
        unit: dict[str, Any],
        counts: pa.Table,
        exposures: pa.Table,
    ) -> None:
        """Write both files, then the marker. Doing it twice changes nothing."""
        digests = []
        for path, table in ((self.counts_path(key), counts), (self.exposures_path(key), exposures)):
            with atomic_write(path) as partial:
                pq.write_table(table, partial, compression="zstd", row_group_size=1 << 16)
                digests.append(sha256_of_file(partial))
        marker = Marker(key, group, members, digests[0], digests[1], unit)
        with atomic_write(self.marker_path(key)) as partial:
            partial.write_text(json.dumps(asdict(marker), sort_keys=True, indent=1) + "\n", encoding="utf-8")

    def marker(self, key: str) -> Marker:
        """The marker of a finished segment."""
        path = self.marker_path(key)
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return Marker(**{**fields, "members": tuple(fields["members"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TimelineError(f"The marker {path} cannot be read ({error}). Delete it and index again.") from error

    def read(self, key: str) -> tuple[pa.Table, pa.Table]:
        """(counts, exposures) of a finished segment, verified."""
        self.verify(key)
        return pq.read_table(self.counts_path(key)), pq.read_table(self.exposures_path(key))

    def verify(self, key: str) -> None:
        """Raise TimelineError where the files of a finished segment are not what was written."""
        marker = self.marker(key)
        for path, digest in (
            (self.counts_path(key), marker.counts_sha256),
            (self.exposures_path(key), marker.exposures_sha256),
        ):
            if not path.exists() or sha256_of_file(path) != digest:
                state = "has changed since it was written" if path.exists() else "is missing"
                raise TimelineError(
                    f"The segment file {path} {state}. Delete {self.marker_path(key).name} beside it and index again: "
                    "only this unit is scanned anew."
                )


def reduce_counts(table: pa.Table) -> pa.Table:
    """One row for each (phrase, bucket): counts added, the smallest first and the largest last batch."""
    if not table.num_rows:
        return table
    columns = {name: table[name].to_numpy() for name in COUNTS_SCHEMA.names}
    order = np.lexsort((columns["bucket"], columns["phrase"]))
    phrase, bucket = columns["phrase"][order], columns["bucket"][order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (phrase[1:] != phrase[:-1]) | (bucket[1:] != bucket[:-1])
    starts = np.flatnonzero(new)
    return pa.table(
        [
            phrase[starts],
            bucket[starts],
            np.add.reduceat(columns["count"][order], starts),
            np.minimum.reduceat(columns["first_batch"][order], starts),
            np.maximum.reduceat(columns["last_batch"][order], starts),
        ],
        schema=COUNTS_SCHEMA,
    )


def reduce_exposures(table: pa.Table, keep_first: int) -> pa.Table:
    """For each phrase its `keep_first` earliest rows and its last one, by (slot, offset); other columns go along."""
    if not table.num_rows:
        return table
    phrase, slot, offset = (table[name].to_numpy() for name in ("phrase", "slot", "offset"))
    order = np.lexsort((offset, slot, phrase))
    sorted_phrase = phrase[order]
    return table.take(
        order[(rank_in_group(sorted_phrase) < keep_first) | is_last_in_group(sorted_phrase)]
    ).combine_chunks()


def rank_in_group(groups: np.typing.NDArray[Any]) -> np.typing.NDArray[np.int64]:
    """0, 1, 2 … within each run of equal values of a sorted array."""
    places = np.arange(len(groups))
    starts = np.ones(len(groups), dtype=bool)
    starts[1:] = groups[1:] != groups[:-1]
    return places - np.maximum.accumulate(np.where(starts, places, 0))


def is_last_in_group(groups: np.typing.NDArray[Any]) -> np.typing.NDArray[np.bool_]:
    """Whether each place ends its run of equal values of a sorted array."""
    last = np.ones(len(groups), dtype=bool)
    last[:-1] = groups[1:] != groups[:-1]
    return last
