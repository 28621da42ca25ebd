"""Compaction: each full block of neighbouring segments joined into one, so that publishing stays linear.

Members stay where they are: a compacted segment is an addition, and what is read is the same either way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa

from exposure.segments import SegmentFolder, reduce_counts, reduce_exposures
from exposure.units import Unit

BLOCK_SEGMENTS = 64


def compact(segments: SegmentFolder, units: Sequence[Unit], keep_first: int, block: int = BLOCK_SEGMENTS) -> list[str]:
    """Join full blocks of one group's finished `units` (in shard order); returns keys that hold all that is finished.

    Blocks are fixed by shard number, so the same shards give the same compacted segments whoever made them and when.
    """
    keys = []
    for start in range(0, len(units), block):
        members = tuple(unit.key for unit in units[start : start + block])
        finished = [key for key in members if segments.has(key)]
        if len(finished) < block:
            keys += finished
            continue
        key = hashlib.sha256(json.dumps(["compacted", *members]).encode()).hexdigest()[:40]
        if not segments.has(key):
            _join(segments, key, members, units[start].group, keep_first)
        keys.append(key)
    return keys


def _join(segments: SegmentFolder, key: str, members: tuple[str, ...], group: str, keep_first: int) -> None:
    pieces = [segments.read(member) for member in members]
    counts = reduce_counts(pa.concat_tables(counts for counts, _ in pieces).combine_chunks())
    exposures = reduce_exposures(pa.concat_tables(exposures for _, exposures in pieces).combine_chunks(), keep_first)
    segments.write(key, group, members, {}, counts, exposures)
