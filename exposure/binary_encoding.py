"""Arrow batches as an IPC stream and as a Parquet file, a part at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.answer_batches import cut

ARROW_ROWS = 1 << 12
"""Rows of one batch of a stream: about half a megabyte."""

ROW_GROUP_ROWS = 1 << 17
"""Rows of one row group, the unit in which Parquet is written and read."""

ROW_GROUP_BYTES = 32 << 20
"""A row group of long texts ends earlier."""

_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def arrow_parts(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    """An IPC stream: the schema, the batches, the end. A stream without its end was cut off."""
    yield schema.serialize().to_pybytes()
    for batch in cut(batches, ARROW_ROWS):
        yield batch.serialize().to_pybytes()
    yield _END_OF_STREAM


def parquet_parts(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    """A Parquet file, a row group at a time; its footer comes last, so that one that was cut off cannot be read."""
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        for group in _row_groups(batches):
            writer.write_table(pa.Table.from_batches(group, schema), row_group_size=ROW_GROUP_ROWS)
            yield sink.taken()
    yield sink.taken()


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches gathered to row groups, none of them larger than memory should hold."""
    gathered: list[pa.RecordBatch] = []
    for batch in cut(batches, min(ARROW_ROWS, ROW_GROUP_ROWS)):
        gathered.append(batch)
        rows, size = sum(one.num_rows for one in gathered), sum(one.nbytes for one in gathered)
        if rows + min(ARROW_ROWS, ROW_GROUP_ROWS) > ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
            yield gathered
            gathered = []
    if gathered:
        yield gathered


class _Sink(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        """It can be written to, and nothing else."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Keep `content`."""
        self._parts.append(bytes(content))
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        """How much was written."""
        return self._written

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
