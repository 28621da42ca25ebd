"""Jobs, many at a time."""

from __future__ import annotations

import sqlite3

from exposure.api.jobs import Job
from service.jobs.cursor import cursor_after, number_of
from service.jobs.filters import JobFilter, JobPage
from service.jobs.rows import job_of


def page(connection: sqlite3.Connection, wanted: JobFilter, cursor: str | None, limit: int) -> JobPage:
    """At most `limit` jobs, the newest first; raises ParameterError for what is no cursor."""
    conditions = list(wanted.conditions())
    if cursor is not None:
        conditions.append(("number < ?", number_of(cursor)))
    rows = _rows(connection, conditions, "ORDER BY number DESC LIMIT ?", limit + 1)
    shown = rows[:limit]
    return JobPage(
        tuple(job_of(row) for row in shown), cursor_after(shown[-1]["number"]) if len(rows) > limit else None
    )


def active(connection: sqlite3.Connection, wanted: JobFilter) -> list[Job]:
    """Those that are queued or running, in order of submission."""
    conditions = [*wanted.conditions(), ("state IN ('queued', 'running') AND 1 = ?", 1)]
    return [job_of(row) for row in _rows(connection, conditions, "ORDER BY number LIMIT ?", -1)]


def counts(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """(kind, state) → how many."""
    rows = connection.execute("SELECT kind, state, count(*) AS jobs FROM jobs GROUP BY kind, state")
    return {(row["kind"], row["state"]): row["jobs"] for row in rows}


def _rows(
    connection: sqlite3.Connection, conditions: list[tuple[str, str | int]], order: str, limit: int
) -> list[sqlite3.Row]:
    where = "".join(f" AND {condition}" for condition, _ in conditions)
    values = [value for _, value in conditions]
    return connection.execute(f"SELECT * FROM jobs WHERE 1 = 1{where} {order}", (*values, limit)).fetchall()
