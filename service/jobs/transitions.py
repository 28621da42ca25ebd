"""From state to state: what each does to a job's row and events, within a transaction of the caller's."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import asdict
from typing import Any

from exposure.api.jobs import FINAL, Job
from exposure.api.requests import JobKind
from service.errors import NotFoundError, StaleAttemptError
from service.jobs.events import add_event, trim_events
from service.jobs.outcome import Outcome
from service.jobs.rows import job_of, storable
from service.jobs.submission import Submission

MOST_ATTEMPTS = 3
"""How many attempts may break before a job counts as failed; those that were given back are none."""

MOST_INTERRUPTIONS = 10
"""How many attempts may end with the service before such ones count as broken: the job itself may be what ends it."""

_NEXT = """
UPDATE jobs SET state = 'running', attempt = attempt + 1, worker = ?, is_embedded = ?, started = ?, progress = NULL,
    problem = NULL, lines = 0
WHERE number = (
    SELECT number FROM jobs AS one
    WHERE state = 'queued' AND kind = ?
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND claims = one.claims)
    ORDER BY number LIMIT 1
)
RETURNING number
"""


def row_of(connection: sqlite3.Connection, job: str) -> sqlite3.Row:
    """The job's row; raises NotFoundError."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no job {job[:100]!r}. GET /v1/jobs lists those that there are.")
    return row


def held_row(connection: sqlite3.Connection, job: str, attempt: int) -> sqlite3.Row:
    """The row of a job that `attempt` holds; raises StaleAttemptError where it does not, NotFoundError."""
    row = row_of(connection, job)
    if row["state"] != "running" or row["attempt"] != attempt:
        raise StaleAttemptError(
            f"Attempt {attempt} does not hold the job {job}: it is {row['state']}, and its latest attempt is "
            f"{row['attempt']}. End what works on it, and claim another job."
        )
    return row


def add_job(connection: sqlite3.Connection, submission: Submission, owner: str, now: float) -> Job:
    """Put it into the queue."""
    fields = {
        "id": secrets.token_hex(8),
        "state": "queued",
        "owner": storable(owner),
        "created": now,
        **asdict(submission),
    }
    names, marks = ", ".join(fields), ", ".join("?" * len(fields))
    added = connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(fields.values()))
    assert added.lastrowid is not None
    return said(connection, added.lastrowid)


def begin_next(
    connection: sqlite3.Connection, kind: JobKind, worker: str, is_embedded: bool, now: float
) -> tuple[int, Job] | None:
    """Let `worker` begin the oldest job of a kind whose timeline or evaluation no other job works on."""
    row = connection.execute(_NEXT, (storable(worker), is_embedded, now, kind)).fetchone()
    return None if row is None else (row["number"], said(connection, row["number"]))


def end(connection: sqlite3.Connection, row: sqlite3.Row, outcome: Outcome, now: float) -> Job:
    """Put a job into the final state that `outcome` names."""
    result = None if outcome.result is None else json.dumps(outcome.result, allow_nan=False)
    connection.execute(
        "UPDATE jobs SET state = ?, finished = ?, result = ?, problem = ?, is_cancelling = 0 WHERE number = ?",
        (outcome.state, now, result, storable(outcome.problem), row["number"]),
    )
    return said(connection, row["number"])


def break_off(connection: sqlite3.Connection, row: sqlite3.Row, problem: str, now: float) -> Job:
    """An attempt that broke: cancelled where that was asked for, queued again, or failed after the last one."""
    if row["is_cancelling"]:
        return end(connection, row, Outcome("cancelled", problem=f"It was cancelled. {problem}"), now)
    broken = row["broken_attempts"] + 1
    connection.execute("UPDATE jobs SET broken_attempts = ? WHERE number = ?", (broken, row["number"]))
    if broken >= MOST_ATTEMPTS:
        more = f", and {row['interruptions']} times it ended with the service" if row["interruptions"] else ""
        last = f"{problem} It was tried {broken} times{more}, and is not tried again."
        return end(connection, row, Outcome("failed", problem=last), now)
    return put_back(connection, row, problem)


def interrupt(connection: sqlite3.Connection, row: sqlite3.Row, problem: str, now: float) -> Job:
    """An attempt that ended with the service: it does not count as broken, MOST_INTERRUPTIONS times."""
    if row["is_cancelling"] or row["interruptions"] >= MOST_INTERRUPTIONS:
        return break_off(connection, row, problem, now)
    connection.execute("UPDATE jobs SET interruptions = interruptions + 1 WHERE number = ?", (row["number"],))
    return put_back(connection, row, problem)


def put_back(connection: sqlite3.Connection, row: sqlite3.Row, problem: str) -> Job:
    """Queued again, in its old place."""
    connection.execute(
        "UPDATE jobs SET state = 'queued', worker = NULL, problem = ? WHERE number = ?",
        (storable(problem), row["number"]),
    )
    return said(connection, row["number"])


def cancel(connection: sqlite3.Connection, row: sqlite3.Row, now: float) -> Job:
    """Cancelled at once when it is queued; when it runs, its worker is told at its next heartbeat."""
    if row["state"] == "queued":
        return end(connection, row, Outcome("cancelled", problem="It was cancelled while it was queued."), now)
    if row["state"] in FINAL or row["is_cancelling"]:
        return job_of(row)
    connection.execute("UPDATE jobs SET is_cancelling = 1 WHERE number = ?", (row["number"],))
    return said(connection, row["number"])


def said(connection: sqlite3.Connection, number: int) -> Job:
    """The job as it is now, and an event that says so."""
    job = job_of(connection.execute("SELECT * FROM jobs WHERE number = ?", (number,)).fetchone())
    data: dict[str, Any] = asdict(job)
    add_event(connection, number, "state", data)
    trim_events(connection, number)
    return job
