"""Compaction: the same content in fewer files, whoever joins them and when."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from exposure.compaction import compact
from exposure.errors import TimelineError
from exposure.segments import COUNTS_SCHEMA, EXPOSURES_SCHEMA, SegmentFolder, reduce_counts, reduce_exposures
from exposure.units import Unit

KEEP = 2


def units(number: int) -> list[Unit]:
    """Units of one group, one for each shard."""
    return [Unit(f"unit{shard}", "g", shard, shard, shard + 1, (0,), {}) for shard in range(number)]


def write(segments: SegmentFolder, unit: Unit) -> None:
    """A segment whose rows follow from the unit alone; phrases are shared with other units."""
    rng = Random(unit.shard)
    counts = sorted({(rng.randrange(4), rng.randrange(3)) for _ in range(6)})
    first = [(phrase, bucket, 1 + unit.shard, unit.shard, unit.shard + 5) for phrase, bucket in counts]
    hits = sorted((rng.randrange(4), rng.randrange(50), rng.randrange(9)) for _ in range(12))
    exposures = pa.Table.from_pylist(
        [
            {"phrase": phrase, "slot": slot, "offset": offset, "token": None, "shard": unit.shard, "document": slot,
             "document_id": f"{unit.shard}/{slot}", "document_offset": offset}
            for phrase, slot, offset in hits
        ],
        schema=EXPOSURES_SCHEMA,
    )  # fmt: skip
    table = pa.table([list(column) for column in zip(*first, strict=True)], schema=COUNTS_SCHEMA)
    segments.write(unit.key, "g", (unit.key,), {}, table, reduce_exposures(exposures, KEEP))


def folder(path: Path, number: int, missing: frozenset[int] = frozenset()) -> tuple[SegmentFolder, list[Unit]]:
    """A folder with finished segments, some missing."""
    path.mkdir()
    segments, made = SegmentFolder(path), units(number)
    for unit in made:
        if unit.shard not in missing:
            write(segments, unit)
    return segments, made


def content(segments: SegmentFolder, keys: list[str]) -> tuple[pa.Table, pa.Table]:
    """All that segments hold, reduced."""
    pieces = [segments.read(key) for key in keys]
    counts = pa.concat_tables([piece[0] for piece in pieces]).combine_chunks()
    exposures = pa.concat_tables([piece[1] for piece in pieces]).combine_chunks()
    return reduce_counts(counts), reduce_exposures(exposures, KEEP)


@pytest.mark.parametrize("block", [2, 3, 64])
@pytest.mark.parametrize("missing", [frozenset[int](), frozenset({0}), frozenset({4, 5}), frozenset({6})])
def test_compacted_keys_hold_every_finished_unit_once(tmp_path: Path, block: int, missing: frozenset[int]) -> None:
    """Full blocks become one segment, others stay; the members are the finished units, and the content is theirs."""
    segments, made = folder(tmp_path / "s", 7, missing)
    keys = compact(segments, made, KEEP, block)
    finished = [unit.key for unit in made if unit.shard not in missing]
    assert [member for key in keys for member in segments.marker(key).members] == finished
    full = sum(not missing & set(range(start, start + block)) for start in range(0, 7 - block + 1, block))
    assert len(keys) == len(finished) - full * (block - 1)
    for ours, plain in zip(content(segments, keys), content(segments, finished), strict=True):
        assert ours.sort_by([(name, "ascending") for name in ours.column_names]).equals(
            plain.sort_by([(name, "ascending") for name in plain.column_names])
        )


def test_joined_segments_are_the_same_bytes_whenever_they_are_made(tmp_path: Path) -> None:
    """Units that end in another order, and a compaction half-way, lead to the same files."""
    at_once, made = folder(tmp_path / "a", 6)
    compact(at_once, made, KEEP, 2)
    bit_by_bit, _ = folder(tmp_path / "b", 6, frozenset({0, 3, 5}))
    for shard in (5, 0, 3):
        compact(bit_by_bit, made, KEEP, 2)
        write(bit_by_bit, made[shard])
    compact(bit_by_bit, made, KEEP, 2)
    assert {path.name: path.read_bytes() for path in at_once.path.iterdir()} == {
        path.name: path.read_bytes() for path in bit_by_bit.path.iterdir()
    }


def test_a_longer_list_of_units_leaves_joined_segments_as_they_are(tmp_path: Path) -> None:
    """Appended shards start blocks of their own: what was joined before is named again, not made again."""
    segments, made = folder(tmp_path / "s", 9)
    before = compact(segments, made[:6], KEEP, 3)
    times = {path.name: path.stat().st_mtime_ns for path in segments.path.iterdir()}
    assert compact(segments, made, KEEP, 3)[:2] == before
    assert all((segments.path / name).stat().st_mtime_ns == time for name, time in times.items())


def test_harmed_member_is_not_joined(tmp_path: Path) -> None:
    """A segment whose file changed stops the compaction with its name; nothing is joined from it."""
    segments, made = folder(tmp_path / "s", 2)
    segments.exposures_path("unit1").write_bytes(b"PAR1")
    with pytest.raises(TimelineError, match=r"unit1\.exposures\.parquet has changed"):
        compact(segments, made, KEEP, 2)
    assert len(list(segments.path.glob("*.json"))) == 2
