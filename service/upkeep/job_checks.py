"""The database of jobs: whole by SQLite's own reckoning, and every row a job.

SQLite keeps no checksums: a letter that has changed within a text is not found.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from functools import partial

from exposure.api.requests import REQUEST_OF
from service.data_directory import DataDirectory
from service.jobs.rows import job_of
from service.jobs.schema import APPLICATION_ID, MIGRATIONS
from service.jobs.submission import request_digest
from service.upkeep.finding import Finding
from service.upkeep.quarantine import quarantine


def check_jobs(data: DataDirectory) -> Iterator[Finding]:
    """jobs.sqlite. Running jobs without a lease are as they should be: they get one when the service starts."""
    if not data.jobs.exists():
        return
    try:
        with contextlib.closing(opened(data)) as connection:
            problem = _problem_of(connection)
    except sqlite3.OperationalError as error:
        yield Finding(data.jobs, f"cannot be opened ({error})", "Mend its permissions or its disk.")
        return
    except (sqlite3.Error, UnicodeDecodeError) as error:
        problem = f"cannot be read ({error})"
    if problem is not None:
        yield Finding(
            data.jobs,
            problem,
            "Move it to quarantine/, or restore it from a backup: jobs are forgotten then, what they made is kept.",
            partial(_set_aside, data),
        )


def opened(data: DataDirectory) -> sqlite3.Connection:
    """A connection to jobs.sqlite that only reads, also while a service writes, and on a disk that is read-only."""
    log = data.jobs.with_name(data.jobs.name + "-wal")
    try:
        return _connected(data, "mode=ro")
    except sqlite3.OperationalError:
        if log.exists() and log.stat().st_size:
            raise  # what is in the log would not be seen
        return _connected(data, "mode=ro&immutable=1")


def _connected(data: DataDirectory, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{data.jobs.resolve().as_uri()}?{mode}", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(data: DataDirectory) -> str:
    said = quarantine(data.path, data.jobs)
    for end in ("-wal", "-shm"):
        beside = data.jobs.with_name(data.jobs.name + end)
        if beside.exists():
            quarantine(data.path, beside)
    return said


def _problem_of(connection: sqlite3.Connection) -> str | None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return None  # its making was interrupted
    if version > len(MIGRATIONS) or connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return "is of a newer version, or no database of jobs"
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return f"is damaged ({found})"
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        return f"is damaged (a row of {broken[0]} belongs to no job)"
    return _problem_of_rows(connection)


def _problem_of_rows(connection: sqlite3.Connection) -> str | None:
    for row in connection.execute("SELECT * FROM jobs"):
        try:
            request = job_of(row).request
            REQUEST_OF[row["kind"]].model_validate(request)
            is_same = request_digest(row["kind"], request) == row["digest"]
        except (ValueError, KeyError, TypeError) as error:
            return f"holds a job that cannot be read ({row['id']}: {str(error).splitlines()[0]})"
        if not is_same:
            return f"holds a job with another request than was sent ({row['id']})"
    for row in connection.execute("SELECT id, data FROM events"):
        try:
            json.loads(row["data"])
        except ValueError as error:
            return f"holds an event that cannot be read ({row['id']}: {error})"
    return None
