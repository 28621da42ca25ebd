"""JobStore: every job and its events, in one SQLite file that only the service opens.

What a method has returned is on disk: it survives the death of this process, and of the machine. Methods block for
as long as the disk takes; none belongs on an event loop.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from exposure.api.jobs import Claim, Job, JobEvent, JobProgress, Lease
from exposure.api.lines import Line
from exposure.api.requests import JobKind, JobRequest
from service.jobs import listing, transitions
from service.jobs.database import Database
from service.jobs.ending import finish
from service.jobs.events import EventPage, add_event, read_page, set_progress, trim_events
from service.jobs.filters import JobFilter, JobPage
from service.jobs.leases import HEARTBEAT_SECONDS, LEASE_SECONDS, Leases
from service.jobs.notifier import Notifier
from service.jobs.outcome import Outcome
from service.jobs.rows import job_of, parsed
from service.jobs.submission import Submission
from service.jobs.submitting import submit

EVERY_JOB = JobFilter()

Jobs = list[Job]  # within the class `list` is its method


class JobStore:
    """The jobs of one data directory. Threads may share it; `notifier` wakes those who wait for a job or for work.

    `wall` gives the times that are shown, in seconds since 1970; `monotonic` the clock of leases. Every method raises
    JobStoreError where the file cannot be read or written; the store goes on once it can.
    """

    def __init__(
        self, path: Path, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.notifier = Notifier()
        self._wall = wall
        self._leases = Leases(monotonic)
        self._database = Database(path)
        with self._database.read() as connection:
            for row in connection.execute("SELECT number, attempt, is_embedded FROM jobs WHERE state = 'running'"):
                self._leases.inherit(row["number"], row["attempt"], is_over=bool(row["is_embedded"]))

    def close(self) -> None:
        """Close the file; whoever waits is woken."""
        self.notifier.close()
        self._database.close()

    def __enter__(self) -> JobStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(
        self, kind: JobKind, request: JobRequest, owner: str, idempotency_key: str | None, active_limit: int
    ) -> tuple[Job, bool]:
        """The job of this request, and whether it is a new one.

        Raises KeyReuseError for a key that `owner` sent with another request, BusyError where `active_limit` jobs are
        queued or running.
        """
        submission = Submission.of(request)
        assert submission.kind == kind
        with self._database.write() as connection:
            job, is_new = submit(connection, submission, owner, idempotency_key, active_limit, self._wall())
        if is_new:
            self.notifier.notify(kind)
        return job, is_new

    def get(self, job: str) -> Job:
        """One job; raises NotFoundError."""
        with self._database.read() as connection:
            return job_of(transitions.row_of(connection, job))

    def list(self, wanted: JobFilter, cursor: str | None, limit: int) -> JobPage:
        """At most `limit` jobs that fit, the newest first, after those before `cursor`; raises ParameterError."""
        with self._database.read() as connection:
            return listing.page(connection, wanted, cursor, limit)

    def active(self, wanted: JobFilter = EVERY_JOB) -> Jobs:
        """The jobs that are queued or running and fit, in order of submission."""
        with self._database.read() as connection:
            return listing.active(connection, wanted)

    def counts(self) -> dict[tuple[str, str], int]:
        """(kind, state) → how many jobs there are."""
        with self._database.read() as connection:
            return listing.counts(connection)

    def claim(self, kind: JobKind, worker: str, is_embedded: bool = False) -> Claim | None:
        """Give `worker` the oldest job of a kind that can be begun; None where there is none.

        `is_embedded`: the service started it, and it ends with the service.
        """
        with self._database.write() as connection:
            begun = transitions.begin_next(connection, kind, worker, is_embedded, self._wall())
        if begun is None:
            return None
        number, job = begun
        self._leases.give(number, job.attempt)
        self.notifier.notify(job.id)
        return Claim(job, job.attempt, LEASE_SECONDS, HEARTBEAT_SECONDS)

    def heartbeat(self, job: str, attempt: int, progress: JobProgress | None) -> Lease:
        """A whole new lease for `attempt`; raises StaleAttemptError, NotFoundError."""
        with self._database.write() as connection:
            row = transitions.held_row(connection, job, attempt)
            self._leases.give(row["number"], attempt)  # also where a full disk takes no progress
            is_news = progress is not None and asdict(progress) != parsed(row["progress"])
            if progress is not None and is_news:
                set_progress(connection, row["number"], progress)
        if is_news:
            self.notifier.notify(job)
        return Lease(bool(row["is_cancelling"]), LEASE_SECONDS)

    def add_lines(self, job: str, attempt: int, lines: Sequence[Line], said_before: int | None = None) -> None:
        """Keep what the child of `attempt` said as events, its progress as the job's.

        `said_before` is how many lines the attempt had sent before these, so that lines that are sent again count
        once. Raises StaleAttemptError, NotFoundError.
        """
        with self._database.write() as connection:
            row = transitions.held_row(connection, job, attempt)
            new = lines if said_before is None else lines[max(row["lines"] - said_before, 0) :]
            _keep_lines(connection, row["number"], new)
            said = row["lines"] + len(new) if said_before is None else max(row["lines"], said_before + len(lines))
            connection.execute("UPDATE jobs SET lines = ? WHERE number = ?", (said, row["number"]))
        if new:
            self.notifier.notify(job)

    def finish(self, job: str, attempt: int, outcome: Outcome) -> Job:
        """Take the outcome of an attempt; said again by the same attempt, it is answered the same.

        Raises StaleAttemptError for an attempt that does not hold the job or said something else, NotFoundError.
        """
        with self._database.write() as connection:
            ended = finish(connection, job, attempt, outcome, self._wall())
        self._tell(ended)
        return ended

    def cancel(self, job: str) -> Job:
        """Cancel a job: at once when it is queued, through its worker when it runs; raises NotFoundError."""
        with self._database.write() as connection:
            cancelled = transitions.cancel(connection, transitions.row_of(connection, job), self._wall())
        self._tell(cancelled)
        return cancelled

    def expire(self) -> tuple[Job, ...]:
        """Take the jobs of silent workers from them; those jobs as they are then.

        Those of embedded workers of an earlier start are taken at once: they ended with it. Neither their attempts nor
        those of others who were not heard since the start count as broken, so often at most.
        """
        over = self._leases.over()
        if not over:
            return ()
        with self._database.write() as connection:
            lapsed = [self._lapse(connection, number, attempt) for number, attempt in over]
        jobs = tuple(job for job in lapsed if job is not None)
        for job in jobs:
            self._tell(job)
        return jobs

    def renew_leases(self) -> None:
        """A whole new lease for every running job: for when the service itself could not listen."""
        self._leases.renew()

    def events_after(self, job: str, event: int, limit: int) -> tuple[JobEvent, ...]:
        """The next events after the one with the id `event` (0: from the first that is kept), `limit` at most.

        Fewer where they are large; none only where there are none. Raises NotFoundError.
        """
        return self.events_page(job, event, limit).events

    def events_page(self, job: str, event: int, limit: int) -> EventPage:
        """As `events_after`, and whether anything can come after them."""
        with self._database.read() as connection:
            return read_page(connection, transitions.row_of(connection, job), event, limit)

    def prune(self, keep_days: float) -> int:
        """Forget jobs that ended more than `keep_days` days ago, with their events and keys; how many they were."""
        before = self._wall() - keep_days * 86_400
        with self._database.write() as connection:
            return connection.execute(
                "DELETE FROM jobs WHERE state IN ('succeeded', 'failed', 'cancelled') AND finished < ?", (before,)
            ).rowcount

    def _lapse(self, connection: sqlite3.Connection, number: int, attempt: int) -> Job | None:
        row = connection.execute(
            "SELECT * FROM jobs WHERE number = ? AND attempt = ? AND state = 'running'", (number, attempt)
        ).fetchone()
        if row is None:
            self._leases.end(number, attempt)  # of an attempt that ended, in this way or another
        if row is None or not self._leases.is_over(number, attempt):
            return None
        if not self._leases.is_unheard(number, attempt):
            silent = f"worker {row['worker']} was silent for {LEASE_SECONDS:.0f} s."
            return transitions.break_off(
                connection, row, f"Attempt {attempt} ended without a word: {silent}", self._wall()
            )
        return transitions.interrupt(connection, row, _interruption(row), self._wall())

    def _tell(self, job: Job) -> None:
        """Wake who follows the job, and, as it may have freed a timeline or be queued again, who looks for work."""
        self.notifier.notify(job.id)
        self.notifier.notify(job.kind)


def _interruption(row: sqlite3.Row) -> str:
    if row["is_embedded"]:
        return f"Attempt {row['attempt']} ended with the service, as its worker did."
    return (
        f"Attempt {row['attempt']} ended without a word: worker {row['worker']} was silent since the service restarted."
    )


def _keep_lines(connection: sqlite3.Connection, number: int, lines: Sequence[Line]) -> None:
    progress: Line | None = None
    for line in lines:
        if line.type == "progress":
            progress = line
        else:
            add_event(connection, number, line.type, line.data)
    if progress is not None:
        set_progress(connection, number, JobProgress(**progress.data))
    trim_events(connection, number)
