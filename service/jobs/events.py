"""What happened to a job, in order: a row an event, and at most one row of progress, whose id moves on."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from exposure.api.jobs import FINAL, JobEvent, JobProgress
from service.errors import JobStoreError

KEPT_EVENTS = 10_000
"""Of one job, its progress not counted."""

READ_CHARACTERS = 1 << 16
"""What one reading stops at, so that a slow reader of large events holds no more."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events of a job, in order; `is_last` where the job has ended and nothing comes after them."""

    events: tuple[JobEvent, ...]
    is_last: bool


def add_event(connection: sqlite3.Connection, number: int, kind: str, data: dict[str, Any]) -> None:
    """One more event of the job `number`; `kind` is no progress. `trim_events` goes after."""
    text = json.dumps(data, allow_nan=False)
    connection.execute("INSERT INTO events (job, type, data) VALUES (?, ?, ?)", (number, kind, text))


def set_progress(connection: sqlite3.Connection, number: int, progress: JobProgress) -> None:
    """Replace the progress of the job, and its event."""
    text = json.dumps(asdict(progress), allow_nan=False)
    connection.execute("UPDATE jobs SET progress = ? WHERE number = ?", (text, number))
    connection.execute("DELETE FROM events WHERE job = ? AND type = 'progress'", (number,))
    connection.execute("INSERT INTO events (job, type, data) VALUES (?, 'progress', ?)", (number, text))


def trim_events(connection: sqlite3.Connection, number: int) -> None:
    """Drop the oldest events beyond KEPT_EVENTS, states excepted; the last one dropped becomes a note that says so.

    Readers who are beyond its place have missed nothing, and never see it.
    """
    counted = "SELECT count(*) FROM events WHERE job = ? AND type <> 'progress'"
    excess = connection.execute(counted, (number,)).fetchone()[0] - KEPT_EVENTS
    if excess <= 0:
        return
    oldest = "SELECT id FROM events WHERE job = ? AND type NOT IN ('state', 'progress') ORDER BY id LIMIT ?"
    places = [row["id"] for row in connection.execute(oldest, (number, excess + 1))]
    if places:
        _drop_through(connection, number, places)


def _drop_through(connection: sqlite3.Connection, number: int, places: list[int]) -> None:
    last = places[-1]
    before = connection.execute("SELECT dropped_events FROM jobs WHERE number = ?", (number,)).fetchone()[0]
    dropped = before + len(places) - (1 if before else 0)  # the note of the last time is no event
    connection.execute("UPDATE jobs SET dropped_events = ? WHERE number = ?", (dropped, number))
    connection.execute(
        "DELETE FROM events WHERE job = ? AND id < ? AND type NOT IN ('state', 'progress')", (number, last)
    )
    text = f"{dropped:,} older events (checkpoints, measurements and notes) were dropped here; the results have all."
    connection.execute(
        "UPDATE events SET type = 'note', data = ? WHERE id = ?", (json.dumps({"text": text, "dropped": dropped}), last)
    )


def read_page(connection: sqlite3.Connection, job: sqlite3.Row, event: int, limit: int) -> EventPage:
    """At most `limit` events of a job (its row) after the one with the id `event`; fewer where they are large."""
    number = job["number"]
    events = _read(connection, number, job["id"], event, limit)
    end = events[-1].id if events else event
    later = "SELECT EXISTS (SELECT 1 FROM events WHERE job = ? AND id > ?)"
    has_more = connection.execute(later, (number, end)).fetchone()[0]
    return EventPage(tuple(events), job["state"] in FINAL and not has_more)


def _read(connection: sqlite3.Connection, number: int, job: str, event: int, limit: int) -> list[JobEvent]:
    found: list[JobEvent] = []
    characters = 0
    rows = connection.execute(
        "SELECT id, type, data FROM events WHERE job = ? AND id > ? ORDER BY id LIMIT ?", (number, event, limit)
    )
    for row in rows:
        found.append(JobEvent(row["id"], job, row["type"], _data(row)))
        characters += len(row["data"])
        if characters >= READ_CHARACTERS:
            break
    return found


def _data(row: sqlite3.Row) -> dict[str, Any]:
    try:
        return dict(json.loads(row["data"]))
    except (ValueError, TypeError) as error:
        raise JobStoreError(
            f"The event {row['id']} is damaged in jobs.sqlite ({error}). Restore the file from a backup, or run "
            "exposure doctor."
        ) from error
