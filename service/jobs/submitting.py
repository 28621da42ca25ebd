"""A request becomes a job, or is found to be one that there is."""

from __future__ import annotations

import sqlite3

from exposure.api.jobs import Job
from service.errors import BusyError, KeyReuseError
from service.jobs.rows import job_of, storable
from service.jobs.submission import Submission
from service.jobs.transitions import add_job, row_of

RETRY_SECONDS = 30
"""When to ask again where there are too many jobs."""

_SAME = "SELECT * FROM jobs WHERE digest = ? AND state IN ('queued', 'running') AND is_cancelling = 0"
_ACTIVE = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"


def submit(
    connection: sqlite3.Connection,
    submission: Submission,
    owner: str,
    key: str | None,
    active_limit: int,
    now: float,
) -> tuple[Job, bool]:
    """The job, and whether it is new; raises KeyReuseError, BusyError."""
    known = None if key is None else _of_key(connection, submission, owner, key)
    if known is not None:
        return known, False
    same = connection.execute(_SAME, (submission.digest,)).fetchone()
    if same is None:
        _refuse_excess(connection, active_limit)
    job = add_job(connection, submission, owner, now) if same is None else job_of(same)
    if key is not None:
        _keep_key(connection, job, submission, owner, key)
    return job, same is None


def _of_key(connection: sqlite3.Connection, submission: Submission, owner: str, key: str) -> Job | None:
    row = connection.execute(
        "SELECT k.digest AS sent, jobs.* FROM idempotency_keys AS k JOIN jobs ON jobs.number = k.job "
        "WHERE k.owner = ? AND k.key = ?",
        (storable(owner), storable(key)),
    ).fetchone()
    if row is not None and row["sent"] != submission.digest:
        raise KeyReuseError(
            f"The Idempotency-Key was sent with another request before, which is the job {row['id']}. Send a new key "
            "with a new request."
        )
    return None if row is None else job_of(row)


def _keep_key(connection: sqlite3.Connection, job: Job, submission: Submission, owner: str, key: str) -> None:
    connection.execute(
        "INSERT INTO idempotency_keys (owner, key, digest, job) VALUES (?, ?, ?, ?)",
        (storable(owner), storable(key), submission.digest, row_of(connection, job.id)["number"]),
    )


def _refuse_excess(connection: sqlite3.Connection, active_limit: int) -> None:
    active = connection.execute(_ACTIVE).fetchone()[0]
    if active >= active_limit:
        raise BusyError(
            f"{active:,} jobs are queued or running, {active_limit:,} is the most. Ask again when some have ended, or "
            "cancel some.",
            RETRY_SECONDS,
        )
