"""Segments: reductions that do not care for order, and files that are whole or are not there."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure import segments as module
from exposure.errors import TimelineError
from exposure.segments import (
    COUNTS_SCHEMA,
    EXPOSURES_SCHEMA,
    SegmentFolder,
    is_last_in_group,
    rank_in_group,
    reduce_counts,
    reduce_exposures,
)

small = st.integers(0, 4)
count_rows = st.lists(st.tuples(small, small, st.integers(1, 9), small, small), max_size=30)
exposure_rows = st.lists(st.tuples(small, st.integers(0, 9), small), max_size=40)


def counts_table(rows: list[tuple[int, ...]]) -> pa.Table:
    """Rows (phrase, bucket, count, first, last) as a table."""
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 5
    return pa.table([pa.array(list(one)) for one in columns], schema=COUNTS_SCHEMA)


def exposures_table(rows: list[tuple[int, int, int]]) -> pa.Table:
    """Rows (phrase, slot, offset) as a table; the other columns follow from slot and offset, as they do in truth."""
    records = [
        {
            "phrase": phrase,
            "slot": slot,
            "offset": offset,
            "token": slot + offset,
            "shard": slot % 3,
            "document": slot,
            "document_id": f"d{slot}",
            "document_offset": offset,
        }
        for phrase, slot, offset in rows
    ]
    return pa.Table.from_pylist(records, schema=EXPOSURES_SCHEMA)


def counted(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What reduce_counts is to give, by a dictionary."""
    held: dict[tuple[int, int], list[tuple[int, ...]]] = defaultdict(list)
    for phrase, bucket, *rest in rows:
        held[phrase, bucket].append(tuple(rest))
    return [
        (*key, sum(c for c, _, _ in held[key]), min(f for _, f, _ in held[key]), max(last for _, _, last in held[key]))
        for key in sorted(held)
    ]


def kept(rows: list[tuple[int, int, int]], keep: int) -> list[tuple[int, int, int]]:
    """What reduce_exposures is to give, by sorting."""
    answer = []
    for phrase in sorted({one[0] for one in rows}):
        mine = sorted(one for one in rows if one[0] == phrase)
        answer += mine if len(mine) <= keep else [*mine[:keep], mine[-1]]
    return answer


def as_tuples(table: pa.Table, columns: int) -> list[tuple[Any, ...]]:
    """The first columns of a table, row by row."""
    return list(zip(*(table[i].to_pylist() for i in range(columns)), strict=True))


@given(count_rows)
def test_counts_are_added_up_as_a_dictionary_would(rows: list[tuple[int, ...]]) -> None:
    """One row for each phrase and bucket, sorted: counts added, first the smallest, last the largest."""
    table = reduce_counts(counts_table(rows))
    assert as_tuples(table, 5) == counted(rows)
    assert table.schema == COUNTS_SCHEMA


@given(exposure_rows, st.integers(1, 5))
def test_first_exposures_and_the_last_one_are_kept(rows: list[tuple[int, int, int]], keep: int) -> None:
    """Of each phrase the first K by slot and offset and the very last stay, with their own columns, sorted."""
    table = reduce_exposures(exposures_table(rows), keep)
    assert as_tuples(table, 3) == kept(rows, keep)
    assert table.equals(exposures_table(kept(rows, keep)))


@given(count_rows, exposure_rows, st.integers(1, 4), st.data())
def test_reductions_do_not_care_how_the_rows_came(
    counts: list[tuple[int, ...]], exposures: list[tuple[int, int, int]], keep: int, data: st.DataObject
) -> None:
    """Rows shuffled, cut in two anywhere and reduced by parts give the table that all of them give at once."""
    shuffled, at = data.draw(st.permutations(counts)), data.draw(st.integers(0, len(counts)))
    parts = [reduce_counts(counts_table(part)) for part in (shuffled[:at], shuffled[at:])]
    assert reduce_counts(pa.concat_tables(parts).combine_chunks()).equals(reduce_counts(counts_table(counts)))
    mixed, cut = data.draw(st.permutations(exposures)), data.draw(st.integers(0, len(exposures)))
    pieces = [reduce_exposures(exposures_table(part), keep) for part in (mixed[:cut], mixed[cut:])]
    whole = reduce_exposures(exposures_table(exposures), keep)
    assert reduce_exposures(pa.concat_tables(pieces).combine_chunks(), keep).equals(whole)


@given(st.lists(st.integers(0, 3), max_size=12).map(sorted))
def test_rank_and_last_in_a_group(groups: list[int]) -> None:
    """The rank is how many equal values stand before a place; the last is the place after which none does."""
    array = np.array(groups, dtype=np.int64)
    assert rank_in_group(array).tolist() == [groups[:i].count(one) for i, one in enumerate(groups)]
    assert is_last_in_group(array).tolist() == [one not in groups[i + 1 :] for i, one in enumerate(groups)]


def write(folder: Path, key: str = "k") -> SegmentFolder:
    """A small finished segment."""
    segments = SegmentFolder(folder)
    segments.write(key, "g", (key,), {"a": 1}, counts_table([(0, 0, 2, 0, 1)]), exposures_table([(0, 1, 2)]))
    return segments


def test_written_segment_reads_back_and_twice_changes_nothing(tmp_path: Path) -> None:
    """What was written is read; writing it again gives the same bytes, and no other file."""
    segments = write(tmp_path)
    counts, exposures = segments.read("k")
    assert as_tuples(counts, 5) == [(0, 0, 2, 0, 1)]
    assert exposures.equals(exposures_table([(0, 1, 2)]))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"k.counts.parquet", "k.exposures.parquet", "k.json"}
    write(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert segments.marker("k").members == ("k",)


def test_segment_is_finished_only_when_both_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second file cannot be written there is no marker, no half file, and the segment is not finished."""
    real, calls = pq.write_table, []

    def fail_on_the_second(*arguments: Any, **options: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            real(*arguments, **options)
            raise OSError(28, "No space left on device")
        real(*arguments, **options)

    monkeypatch.setattr(module.pq, "write_table", fail_on_the_second)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path)
    assert not SegmentFolder(tmp_path).has("k")
    assert [path.name for path in tmp_path.iterdir()] == ["k.counts.parquet"]


@pytest.mark.parametrize("name", ["k.counts.parquet", "k.exposures.parquet"])
@pytest.mark.parametrize("harm", ["missing", "cut", "one byte"])
def test_harmed_segment_is_refused_by_name(tmp_path: Path, name: str, harm: str) -> None:
    """A file that is gone, cut or has one other byte is named, and so is the marker to delete."""
    segments, path = write(tmp_path), tmp_path / name
    content = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(content[:-1])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(TimelineError, match=rf"{name}.*(missing|has changed).*Delete k\.json.*index again"):
        segments.read("k")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"{}", b'{"key": "k"}', b"\xff\xfe", b'{"members": null}'])
def test_harmed_marker_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in a marker, the answer is a sentence that says to delete it."""
    segments = write(tmp_path)
    segments.marker_path("k").write_bytes(content)
    with pytest.raises(TimelineError, match=r"k\.json cannot be read .* Delete it and index again"):
        segments.read("k")
