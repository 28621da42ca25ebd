"""Opening a published generation: read-only, and shut off from files, extensions and settings."""

from __future__ import annotations

from dataclasses import dataclass
from json import loads
from pathlib import Path

import duckdb

from exposure.coverage import Coverage

_Settings = dict[str, str | bool | int | float | list[str]]

_SHUT: _Settings = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
    "max_temp_directory_size": "0MB",
}
"""Everybody opens with these. Nothing is written beside a generation: what does not fit into memory is refused."""


@dataclass(frozen=True)
class ReaderLimits:
    """How much one open generation may take: `memory` as DuckDB writes it ("2GB"), and how many threads.

    One process opens a generation with the same ones everywhere: DuckDB refuses a second connection with others.
    """

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

    Raises duckdb.Error where the file is missing or damaged.
    """
    own: _Settings = {} if limits is None else {"memory_limit": limits.memory, "threads": limits.threads}
    return duckdb.connect(str(generation), read_only=True, config={**_SHUT, **own})


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
