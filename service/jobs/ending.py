"""What becomes of a job when an attempt says its outcome."""

from __future__ import annotations

import sqlite3

from exposure.api.jobs import Job
from service.jobs.outcome import Outcome
from service.jobs.rows import job_of
from service.jobs.transitions import break_off, end, held_row, put_back, row_of


def finish(connection: sqlite3.Connection, job: str, attempt: int, outcome: Outcome, now: float) -> Job:
    """Take the outcome of an attempt, once: said again, it is answered with the job as it is.

    Raises StaleAttemptError for an attempt that does not hold the job, or that said another outcome; NotFoundError.
    """
    text = outcome.to_json()
    row = row_of(connection, job)
    if (row["ended_attempt"], row["outcome"]) == (attempt, text):
        return job_of(row)
    row = held_row(connection, job, attempt)
    connection.execute(
        "UPDATE jobs SET ended_attempt = ?, outcome = ? WHERE number = ?", (attempt, text, row["number"])
    )
    return _next_state(connection, row, outcome, now)


def _next_state(connection: sqlite3.Connection, row: sqlite3.Row, outcome: Outcome, now: float) -> Job:
    if outcome.state == "failed" and outcome.is_retryable:
        return break_off(connection, row, outcome.problem or "The attempt broke, and did not say why.", now)
    if outcome.state == "cancelled" and outcome.is_retryable and not row["is_cancelling"]:
        return put_back(connection, row, outcome.problem or "Its worker was stopped, and gave it back.")
    return end(connection, row, outcome, now)
