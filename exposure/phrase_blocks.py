"""Looking up single phrases: the table is sorted by them, so that a few of them say where another one must stand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

PHRASE_COLUMNS = (
    "phrase_id, phrase, gap, sentence_end, group_id, count, first_batch, first_sequence, first_token, first_document, "
    "first_offset, first_document_offset, last_batch"
)
FOUND_SCHEMA = pa.schema(
    [
        *(("place", pa.int64()), ("phrase_id", pa.int32()), ("phrase", pa.string()), ("gap", pa.int32())),
        *(("sentence_end", pa.bool_()), ("group_id", pa.int32()), ("count", pa.int64()), ("first_batch", pa.int64())),
        *(("first_sequence", pa.int64()), ("first_token", pa.int64()), ("first_document", pa.string())),
        *(("first_offset", pa.int64()), ("first_document_offset", pa.int64()), ("last_batch", pa.int64())),
    ]
)
"""`place` in what was asked, and PHRASE_COLUMNS."""

BLOCK = 512
"""Phrases of a block. Its first phrase is kept in memory."""

_QUERY = f"SELECT {PHRASE_COLUMNS} FROM phrases WHERE phrase_id BETWEEN ? AND ? AND phrase = ?"


@dataclass(frozen=True)
class PhraseBlocks:
    """The first phrase of every block of `phrases`, in order: of code points, as DuckDB's texts and Python's are."""

    firsts: list[str] = field(repr=False)

    @classmethod
    def of(cls, cursor: duckdb.DuckDBPyConnection) -> PhraseBlocks:
        """The blocks of an open generation: about 10 ms for a million phrases."""
        query = "SELECT phrase FROM phrases WHERE phrase_id % ? = 0 ORDER BY phrase_id"
        return cls([phrase for (phrase,) in cursor.execute(query, [BLOCK]).fetchall()])

    def find(self, cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray) -> pa.Table:
        """The rows of each key, as FOUND_SCHEMA, by place and phrase_id."""
        found = [
            (place, *row)
            for place, key in enumerate(keys.to_pylist())
            if key is not None
            for row in sorted(cursor.execute(_QUERY, [*self._range(key), key]).fetchall())
        ]
        columns = list(zip(*found, strict=True)) or [()] * len(FOUND_SCHEMA)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, FOUND_SCHEMA, strict=True)]
        return pa.Table.from_arrays(arrays, schema=FOUND_SCHEMA)

    def _range(self, key: str) -> tuple[int, int]:
        """(first, last) phrase_id between which every form of `key` stands, if any does."""
        return (bisect_left(self.firsts, key) - 1) * BLOCK, bisect_right(self.firsts, key) * BLOCK - 1
