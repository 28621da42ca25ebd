"""A row of the table of jobs as a Job."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from exposure.api.jobs import Job, JobProgress
from service.errors import JobStoreError


def job_of(row: sqlite3.Row) -> Job:
    """The Job in `row`; raises JobStoreError for one that is damaged."""
    try:
        return _job_of(row)
    except (ValueError, TypeError) as error:
        raise JobStoreError(
            f"The job {row['id']} is damaged in jobs.sqlite ({error}). Restore the file from a backup, or run exposure "
            "doctor."
        ) from error


def _job_of(row: sqlite3.Row) -> Job:
    progress = parsed(row["progress"])
    return Job(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        request=json.loads(row["request"]),
        created=row["created"],
        started=row["started"],
        finished=row["finished"],
        attempt=row["attempt"],
        worker=row["worker"],
        is_cancelling=bool(row["is_cancelling"]),
        progress=None if progress is None else JobProgress(**progress),
        result=parsed(row["result"]),
        problem=row["problem"],
    )


def parsed(text: str | None) -> dict[str, Any] | None:
    """The object in a column that may be empty."""
    return None if text is None else dict(json.loads(text))


def storable(text: str | None) -> str | None:
    """`text` without halves of surrogate pairs, which cannot be written as UTF-8."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")
