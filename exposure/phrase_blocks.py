"""Looking up single phrases: the table is sorted by them, so that a few of them say where another one must stand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

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

_TYPES = FOUND_SCHEMA.types


@dataclass(frozen=True, slots=True)
class IndexedForm:
    """One form in which a text is indexed: what decides its counts, without where it was first seen."""

    phrase_id: int
    phrase: str
    gap: int | None
    sentence_end: bool
    group_id: int
    count: int
    first_batch: int | None


FORM_COLUMNS = ", ".join(one.name for one in fields(IndexedForm))
"""Half the work of PHRASE_COLUMNS: the names of documents are unpacked by the thousand for one of them."""

BLOCK = 512
"""Phrases of a block. Its first phrase is kept in memory."""

_QUERY = "SELECT {} FROM phrases WHERE phrase_id BETWEEN ? AND ? AND phrase = ?"


@dataclass(frozen=True)
class PhraseBlocks:
    """The first phrase of every block of `phrases`, in order: of code points, as DuckDB's texts and Python's are."""

    firsts: list[str] = field(repr=False)

    @classmethod
    def of(cls, cursor: duckdb.DuckDBPyConnection) -> PhraseBlocks:
        """The blocks of an open generation: about 10 ms for a million phrases."""
        query = "SELECT phrase FROM phrases WHERE phrase_id % ? = 0 ORDER BY phrase_id"
        return cls([phrase for (phrase,) in cursor.execute(query, [BLOCK]).fetchall()])

    def rows_of(self, cursor: duckdb.DuckDBPyConnection, key: str, columns: str) -> list[tuple[Any, ...]]:
        """`columns`, of which the first is phrase_id, of every form of `key`, by phrase_id."""
        return sorted(cursor.execute(_QUERY.format(columns), [*self._range(key), key]).fetchall())

    def _range(self, key: str) -> tuple[int, int]:
        """(first, last) phrase_id between which every form of `key` stands, if any does."""
        return (bisect_left(self.firsts, key) - 1) * BLOCK, bisect_right(self.firsts, key) * BLOCK - 1


def table_of(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows of FOUND_SCHEMA as a table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(FOUND_SCHEMA)
    arrays = [pa.array(column, of_type) for column, of_type in zip(columns, _TYPES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=FOUND_SCHEMA)
