"""Writing a generation: tables appended in order, each with a digest over its rows that does not depend on the file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from exposure.generation_tables import TABLES
from exposure.row_digests import RowDigests

STORAGE_VERSION = "v1.4.0"
"""Opened by DuckDB 1.4, 1.5 and 2.0 alike."""


class GenerationWriter:
    """An open, new DuckDB file. Files are not reproducible byte for byte; `digests()` are equal when the rows are."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}.wal")
        self._connection = duckdb.connect(config={"threads": 1})
        quoted = str(path).replace("'", "''")
        self._connection.execute(f"ATTACH '{quoted}' AS generation (STORAGE_VERSION '{STORAGE_VERSION}')")
        self._digests = RowDigests()
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
        self._digests.add(table, rows)

    def digests(self) -> dict[str, str]:
        """sha256 of the rows of each table appended so far, paths of shards left out."""
        return self._digests.of_tables()
