"""Opening a published generation: read-only, and shut off from files, extensions and settings."""

from __future__ import annotations

from dataclasses import dataclass
from json import loads
from pathlib import Path
from threading import Lock

import duckdb

from exposure.coverage import Coverage

_SHUT: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "max_temp_directory_size": "0MB",
}
"""Everybody opens with the same ones: DuckDB refuses a second connection of one process with others.

Nothing is written beside a generation: what does not fit into memory is refused.
"""

_opening = Lock()


@dataclass(frozen=True)
class ReaderLimits:
    """How much one open generation may take: `memory` as DuckDB writes it ("2GB"), and how many threads."""

    memory: str
    threads: int


@dataclass(frozen=True)
class Published:
    """What a generation covers: its order, the batches that this fills, and the coverage of each group."""

    order_digest: str
    whole_batches: int
    coverage: dict[str, Coverage]


def connect(generation: Path, limits: ReaderLimits | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to one generation, by default with what DuckDB takes: most of the memory, all processors.

    Connections of one process to one generation share what it takes, so whoever opens it first decides. Raises
    duckdb.Error where the file is missing or damaged.
    """
    with _opening:
        connection = duckdb.connect(str(generation), read_only=True, config=_SHUT)
        try:
            _limit(connection, limits)
        except duckdb.Error:
            connection.close()
            raise
    return connection


def _limit(connection: duckdb.DuckDBPyConnection, limits: ReaderLimits | None) -> None:
    (is_locked,) = connection.execute("SELECT current_setting('lock_configuration')").fetchone() or (False,)
    if is_locked:
        return
    if limits is not None:
        memory = limits.memory.replace("'", "")
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute(f"SET threads = {limits.threads:d}")
    connection.execute("SET lock_configuration = true")


def read_published(generation: Path) -> Published | None:
    """What a published file covers; None where it is missing, damaged, or of another version."""
    if not generation.is_file():
        return None
    try:
        connection = connect(generation)
    except duckdb.Error:
        return None
    try:
        facts = {key: loads(value) for key, value in connection.execute("SELECT key, value FROM meta").fetchall()}
        return Published(facts["order_digest"], facts["slots"] // facts["batch_sequences"], _coverage(connection))
    except (duckdb.Error, KeyError, ValueError):
        return None
    finally:
        connection.close()


def _coverage(connection: duckdb.DuckDBPyConnection) -> dict[str, Coverage]:
    """Group fingerprint → coverage."""
    rows = connection.execute(
        "SELECT fingerprint, first_missing_slot, missing_shards, "
        "list([start_batch, end_batch] ORDER BY start_batch) FILTER (start_batch IS NOT NULL) "
        "FROM phrase_groups LEFT JOIN coverage USING (group_id) GROUP BY ALL"
    ).fetchall()
    return {
        fingerprint: Coverage(tuple((a, b) for a, b in ranges or []), missing_slot, tuple(missing))
        for fingerprint, missing_slot, missing, ranges in rows
    }
