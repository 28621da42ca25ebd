"""Published generations: whether they open, hold the rows that they say, and are what their names say."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from exposure.errors import TimelineError
from exposure.generation_reader import connect
from exposure.generation_tables import GENERATION_VERSION
from exposure.publish import generation_name
from exposure.row_digests import digests_of, logical_digest
from exposure.segments import Marker, SegmentFolder
from exposure.timeline_folder import TimelineFolder
from service.upkeep.finding import Finding
from service.upkeep.partial_files import is_partial
from service.upkeep.quarantine import quarantine
from service.upkeep.segment_checks import marker_of, unknown

_DAMAGE = (duckdb.Error, ValueError, KeyError, TypeError, OSError, pa.ArrowException)


def check_generations(data: Path, folder: TimelineFolder) -> Iterator[Finding]:
    """Every generation of a timeline."""
    for path in sorted(folder.generations.iterdir()) if folder.generations.is_dir() else []:
        if is_partial(path.name):
            continue
        if path.suffix != ".duckdb":
            yield unknown(data, path)
        elif (damage := damage_of(path, folder.segments)) is not None:
            yield _damaged(data, path, damage)


def damage_of(generation: Path, segments: SegmentFolder | None) -> str | None:
    """What is wrong with a generation; None where it is whole. With `segments`, its name is held against theirs."""
    try:
        stat = generation.stat()
        damage = _damage_of_content(generation, stat.st_ino, stat.st_ctime_ns, stat.st_size)
        if damage is not None or segments is None:
            return damage
        with contextlib.closing(connect(generation)) as connection:
            expected = _name_of(connection, facts_of(connection), segments)
    except _DAMAGE as error:
        return f"cannot be read ({(str(error) or type(error).__name__).splitlines()[0]})"
    return None if expected in (None, generation.stem) else f"is the generation {expected[:12]}… under another name"


@lru_cache(maxsize=256)
def _damage_of_content(generation: Path, node: int, changed_ns: int, size: int) -> str | None:
    """Reads all rows, once for as long as the file is the same (`node`, `changed_ns`, `size`)."""
    del node, changed_ns, size
    with contextlib.closing(connect(generation)) as connection:
        facts = facts_of(connection)
        if facts["version"] != GENERATION_VERSION:
            return f"is of version {facts['version']}, this software reads {GENERATION_VERSION}"
        found = digests_of(connection)
    if found != facts["digests"] or logical_digest(found) != facts["logical_digest"]:
        return "holds other rows than were written (its logical digest differs)"
    return None


def facts_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The table `meta`."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta").fetchall()}


def _name_of(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any], segments: SegmentFolder) -> str | None:
    """What the generation must be called: it says so itself, or the segments do; None where they are not all there."""
    if "generation" in facts:
        return str(facts["generation"])
    try:
        keys = [(marker_of(segments, key), key) for key in facts["segments"]]
        ordered = sorted(keys, key=lambda one: _first_shard(segments, one[0]))
    except TimelineError:
        return None
    fingerprints = [
        row[0] for row in connection.execute("SELECT fingerprint FROM phrase_groups ORDER BY group_id").fetchall()
    ]
    by_group = {one: [key for marker, key in ordered if marker.group == one] for one in fingerprints}
    checkpoints = [row[0] for row in connection.execute("SELECT step FROM checkpoints ORDER BY step").fetchall()]
    edges = [row[0] for row in connection.execute("SELECT start_batch FROM buckets ORDER BY start_batch").fetchall()]
    return generation_name(facts["order_digest"], checkpoints, edges, by_group)


def _first_shard(segments: SegmentFolder, marker: Marker) -> int:
    if not marker.unit:
        marker = marker_of(segments, marker.members[0])
    return int(marker.unit["shard"]["index"])


def _damaged(data: Path, path: Path, damage: str) -> Finding:
    return Finding(
        path,
        damage,
        "Move it to quarantine/; where it is the current one, another is published from the segments.",
        lambda: quarantine(data, path),
    )
