"""Writing a generation: tables appended in order, each with a digest over its rows that does not depend on the file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from exposure.generation_tables import TABLES

STORAGE_VERSION = "v1.4.0"
"""Opened by DuckDB 1.4, 1.5 and 2.0 alike."""


class GenerationWriter:
    """An open, new DuckDB file. Files are not reproducible byte for byte; `digests()` are equal when the rows are."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}.wal")
        self._connection = duckdb.connect(config={"threads": 1})
        quoted = str(path).replace("'", "''")
        self._connection.execute(f"ATTACH '{quoted}' AS generation (STORAGE_VERSION '{STORAGE_VERSION}')")
        self._digests: dict[str, dict[str, Any]] = {}
        for table, columns in TABLES.items():
            self._connection.execute(f"CREATE TABLE generation.{table} ({columns})")

    def __enter__(self) -> GenerationWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._connection.execute("CHECKPOINT generation")
                self._connection.execute("DETACH generation")
        finally:
            self._connection.close()
            self._log.unlink(missing_ok=True)  # DuckDB leaves it where writing failed

    def append(self, table: str, rows: pa.Table) -> None:
        """Append `rows`, whose columns are those of `table` in order."""
        self._connection.register("rows_to_append", rows)
        self._connection.execute(f"INSERT INTO generation.{table} SELECT * FROM rows_to_append")
        self._connection.unregister("rows_to_append")
        digests = self._digests.setdefault(table, {name: hashlib.sha256() for name in rows.column_names})
        for name, digest in digests.items():
            for chunk in _bytes_of(rows[name]):
                digest.update(chunk)

    def digests(self) -> dict[str, str]:
        """sha256 of the rows of each table appended so far, paths of shards left out."""
        found = {}
        for table, columns in self._digests.items():
            names = [name for name in columns if (table, name) != ("shards", "path")]
            joined = "\n".join(f"{name} {columns[name].hexdigest()}" for name in names)
            found[table] = hashlib.sha256(joined.encode()).hexdigest()
        return found


def _bytes_of(column: pa.ChunkedArray) -> list[bytes]:
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
