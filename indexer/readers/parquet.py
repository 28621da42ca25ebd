"""Parquet: one document a row."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from indexer.readers.records import BadLine, Document, Fields, Rows, document_of, names_of
from indexer.readers.streams import DigestingFile


def read_rows(path: Path, file: DigestingFile, fields: Fields) -> Rows:
    """Every row of a Parquet shard, in order."""
    del file  # Parquet is read from its end; the digest is taken afterwards
    row = 0
    try:
        with pq.ParquetFile(path) as parquet:
            names = parquet.schema_arrow.names
            if fields.text not in names:
                yield BadLine(
                    1,
                    f"no column {fields.text!r} (it has: {names_of(names)}); name the one with the text as text_field",
                    fatal=True,
                )
                return
            columns = [fields.text] + [fields.id] * (fields.id in names and fields.id != fields.text)
            for batch in parquet.iter_batches(batch_size=1024, columns=columns):
                for record in _records(batch):
                    yield _row(path, row, record, fields)
                    row += 1
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        yield BadLine(row + 1, f"the Parquet file is damaged ({error})", fatal=True)


def _records(batch: pa.RecordBatch | pa.Table) -> Iterator[dict[str, Any] | UnicodeDecodeError]:
    """The rows of a batch; in place of one whose strings are no UTF-8, what is wrong with it."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError as error:
        if batch.num_rows == 1:
            yield error
            return
        for row in range(batch.num_rows):
            yield from _records(batch.slice(row, 1))


def _row(path: Path, row: int, record: dict[str, Any] | UnicodeDecodeError, fields: Fields) -> Document | BadLine:
    if isinstance(record, UnicodeDecodeError):
        return BadLine(row + 1, f"not valid UTF-8 ({record.reason} at byte {record.start} of the string)")
    return document_of(path, row + 1, row, record, fields)


def rows_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    """The rows with the given numbers, which rise."""
    number = 0
    try:
        with pq.ParquetFile(path) as parquet:
            names = parquet.schema_arrow.names
            columns = [name for name in dict.fromkeys((fields.text, fields.id)) if name in names]
            groups = _Groups(parquet, columns)
            for row, number in places:
                if row >= parquet.metadata.num_rows:
                    yield BadLine(number, f"the file has only {parquet.metadata.num_rows} rows", fatal=True)
                    return
                yield _row(path, row, next(_records(groups.row(row))), fields)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        yield BadLine(number, f"the Parquet file is damaged ({error})", fatal=True)


class _Groups:
    """The rows of a Parquet file, asked for in rising order: only row groups that hold one are read, one at a time."""

    def __init__(self, parquet: pq.ParquetFile, columns: list[str]) -> None:
        self._parquet = parquet
        self._columns = columns
        sizes = (parquet.metadata.row_group(group).num_rows for group in range(parquet.metadata.num_row_groups))
        self._ends = list(itertools.accumulate(sizes))
        self._group, self._held = -1, pa.table({})

    def row(self, row: int) -> pa.Table:
        """One row, as a table of one."""
        group = min(bisect_right(self._ends, row), len(self._ends) - 1)
        if group != self._group:
            self._group, self._held = group, self._parquet.read_row_group(group, columns=self._columns)
        place = row - (self._ends[group - 1] if group else 0)
        if not 0 <= place < self._held.num_rows:
            raise pa.ArrowInvalid("its row groups are not as long as it says")
        return self._held.slice(place, 1)
