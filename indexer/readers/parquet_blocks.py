"""The documents of a Parquet shard in blocks, copied out of Arrow's buffers: no Python for a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.census import ShardCensus
from indexer.blocks import GAP, Bytes, DocumentBlock, Integers
from indexer.compiled.arrow_text import copy_texts
from indexer.compiled.vectors import PADDING
from indexer.readers.counted import BLOCK_BYTES, OtherShardError, integers_of
from indexer.readers.records import Fields, name_of
from indexer.readers.streams import DigestingFile

READ_AHEAD_BYTES = 1 << 20
"""Bytes of a column that are read from the file at once, instead of all that a row group has of it."""


def parquet_blocks(census: ShardCensus, fields: Fields, file: DigestingFile) -> Iterator[DocumentBlock]:
    """The census's documents in order, in blocks never empty. Raises OtherShardError, ArrowException, OSError."""
    del file  # Parquet is read from its end; the digest is taken afterwards
    path = Path(census.shard.path)
    rows = integers_of(census, "start")
    with pq.ParquetFile(path, buffer_size=READ_AHEAD_BYTES) as parquet:
        names = parquet.schema_arrow.names
        if fields.text not in names:
            raise OtherShardError
        columns = [name for name in dict.fromkeys((fields.text, fields.id)) if name in names]
        row, first = 0, 0
        for batch in parquet.iter_batches(_rows_a_batch(census), columns=columns, use_threads=False):
            end = row + batch.num_rows
            stop = int(np.searchsorted(rows, end))
            block = _block(path, batch, fields, row, rows[first:stop], first) if stop > first else None
            del batch  # its memory serves the next one, as that of the block does
            if block is not None:
                yield block
            del block
            row, first = end, stop


def _rows_a_batch(census: ShardCensus) -> int:
    """Rows of about BLOCK_BYTES, but so few that none of the batches is much longer than the longest document."""
    characters = integers_of(census, "characters")
    total = np.concatenate([[0], np.cumsum(characters)])
    rows = max(1, min(len(characters), BLOCK_BYTES * len(characters) // max(1, int(total[-1]))))
    limit = max(4 * BLOCK_BYTES, 2 * int(characters.max(initial=0)))
    while rows > 1 and (total[rows:] - total[:-rows]).max() > limit:
        rows //= 2
    return rows


def _block(path: Path, batch: pa.RecordBatch, fields: Fields, row: int, rows: Integers, first: int) -> DocumentBlock:
    """The documents that stand in the given rows of the file, of which the batch's first is number `row`."""
    places = rows - row
    if places[0] < 0 or (np.diff(places) <= 0).any():
        raise OtherShardError
    data, offsets = _strings(_column(batch, fields.text))
    starts, stops = offsets[places], offsets[places + 1]
    lengths = stops - starts
    ends = np.cumsum(lengths + len(GAP))
    text = np.empty(len(GAP) + ends[-1] + PADDING, dtype=np.uint8)
    text[: len(GAP)] = list(GAP)
    used = copy_texts(data, starts, stops, text, len(GAP), len(GAP))
    text[used:] = 0
    names = _column(batch, fields.id) if fields.id in batch.schema.names else None
    return DocumentBlock(text, ends - lengths, ends, first, _Ids(path, first, row, places, names))


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.get_all_field_indices(name)[-1])


def _strings(column: pa.Array) -> tuple[Bytes, Integers]:
    """The bytes of a column of strings, and where each begins and the last ends."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise OtherShardError
    _, places, data = column.buffers()
    kind = np.int32 if pa.types.is_string(column.type) else np.int64
    offsets = np.frombuffer(places, dtype=kind)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data if data is not None else b"", dtype=np.uint8), offsets.astype(np.int64)


@dataclass(frozen=True)
class _Ids:
    """The ids of a block's documents, by number in the shard."""

    path: Path
    first: int
    row: int
    places: Integers
    names: pa.Array | None

    def __call__(self, number: int) -> str:
        place = int(self.places[number - self.first])
        identity = None if self.names is None else self.names[place].as_py()
        return name_of(self.path, self.row + place + 1, identity)
