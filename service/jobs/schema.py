"""The tables of the job store, and how a file of an older version becomes one of this version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from service.errors import JobStoreError

APPLICATION_ID = 0x4558504A
"""Marks the file as a job store ("EXPJ"), for whoever finds it."""

FIRST_TABLES = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of submission
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('index', 'evaluate')),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    request TEXT NOT NULL,
    digest TEXT NOT NULL,                      -- of kind and request: the same request has the same
    owner TEXT NOT NULL,
    run TEXT,
    timeline TEXT,
    evaluation TEXT,
    claims TEXT NOT NULL,                      -- what no two running jobs may work on
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    attempt INTEGER NOT NULL DEFAULT 0,
    broken_attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    is_cancelling INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    result TEXT,
    problem TEXT,
    lines INTEGER NOT NULL DEFAULT 0,          -- how many the present attempt has said
    dropped_events INTEGER NOT NULL DEFAULT 0,
    ended_attempt INTEGER,                     -- the last attempt that said its outcome, and what it said
    outcome TEXT
) STRICT;
CREATE UNIQUE INDEX one_active_job_of_a_request ON jobs (digest)
    WHERE state IN ('queued', 'running') AND is_cancelling = 0;
CREATE UNIQUE INDEX one_running_job_of_a_claim ON jobs (claims) WHERE state = 'running';
CREATE INDEX active_jobs ON jobs (kind, state, number) WHERE state IN ('queued', 'running');

CREATE TABLE idempotency_keys (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_a_job ON idempotency_keys (job);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never given twice, also after a row is gone
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    type TEXT NOT NULL CHECK (type IN ('state', 'progress', 'checkpoint', 'measurement', 'note')),
    data TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_a_job ON events (job, id);
CREATE UNIQUE INDEX one_progress_of_a_job ON events (job) WHERE type = 'progress';
"""

INTERRUPTIONS = """
-- The worker was started by the service itself, and ends with it.
ALTER TABLE jobs ADD COLUMN is_embedded INTEGER NOT NULL DEFAULT 0;
-- How many attempts ended with the service, and were not counted as broken.
ALTER TABLE jobs ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
"""

MIGRATIONS: tuple[str, ...] = (FIRST_TABLES, INTERRUPTIONS)
"""What makes each version from the one before it. Only ever appended to."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version, whole or not at all; raises JobStoreError for a newer or another file."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    _refuse_other(connection, path, version)
    if version < len(MIGRATIONS):
        statements = ";".join(MIGRATIONS[version:])
        connection.executescript(
            f"BEGIN IMMEDIATE; {statements}; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {len(MIGRATIONS)}; COMMIT"
        )


def _refuse_other(connection: sqlite3.Connection, path: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise JobStoreError(
            f"{path} is of version {version}, this software knows {len(MIGRATIONS)}. Use the version of `exposure` "
            "that made it, or a newer one."
        )
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if mark != APPLICATION_ID and not (version == 0 and is_empty):
        raise JobStoreError(f"{path} is a database, but none of jobs. Move it away; a new one is then made.")
