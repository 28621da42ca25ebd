"""Digests over the rows of a generation's tables, which do not depend on the file that holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from exposure.generation_tables import TABLES

ROWS_AT_ONCE = 1 << 17


class RowDigests:
    """Takes the rows of all tables, in order and in pieces of any size."""

    def __init__(self) -> None:
        self._digests: dict[str, dict[str, Any]] = {}

    def add(self, table: str, rows: pa.Table | pa.RecordBatch) -> None:
        """Add `rows`, whose columns are those of `table` in order."""
        digests = self._digests.setdefault(table, {name: hashlib.sha256() for name in rows.schema.names})
        for name, digest in digests.items():
            for chunk in _bytes_of(rows[name]):
                digest.update(chunk)

    def of_tables(self) -> dict[str, str]:
        """sha256 of the rows of each table added so far, paths of shards left out."""
        found = {}
        for table, columns in self._digests.items():
            names = [name for name in columns if (table, name) != ("shards", "path")]
            joined = "\n".join(f"{name} {columns[name].hexdigest()}" for name in names)
            found[table] = hashlib.sha256(joined.encode()).hexdigest()
        return found


def logical_digest(digests: Mapping[str, str]) -> str:
    """What two generations with the same answers have in common: one digest over those of all tables but `meta`."""
    return hashlib.sha256(json.dumps(dict(digests), sort_keys=True).encode()).hexdigest()


def digests_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The digests of all tables but `meta` of an open generation, read whole; raises duckdb.Error on damage."""
    found = RowDigests()
    for table in TABLES:
        if table != "meta":
            reader = connection.sql(f"FROM {table}").to_arrow_reader(ROWS_AT_ONCE)
            found.add(table, reader.schema.empty_table())
            for batch in reader:
                found.add(table, batch)
    return found.of_tables()


def _bytes_of(column: pa.ChunkedArray | pa.Array) -> list[bytes]:
    """A column's values as bytes that depend on the values alone, not on chunks, buffers or how they were appended."""
    if pa.types.is_list(column.type):
        return [repr(value).encode() for value in column.to_pylist()]
    valid = np.asarray(column.is_valid())
    if pa.types.is_string(column.type):
        return [_bytes_of_text(value) for value in column.to_pylist()]
    numbers = np.asarray(column.cast(pa.int64()).fill_null(0), dtype="<i8")
    return [np.where(valid, numbers, np.iinfo(np.int64).min).tobytes()]


def _bytes_of_text(value: str | None) -> bytes:
    """The length (−1 for null), then the text."""
    content = b"" if value is None else value.encode()
    return (-1 if value is None else len(content)).to_bytes(8, "little", signed=True) + content
