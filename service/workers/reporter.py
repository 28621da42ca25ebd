"""Tells the service how a job is: heartbeats, lines, and in the end its outcome, until the service has it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque

from exposure.api.jobs import Claim
from exposure.api.lines import Line
from service.errors import StaleAttemptError
from service.jobs.outcome import Outcome
from service.workers.link import Link, RefusedError, UnreachableError
from service.workers.waits import wait_seconds

TICK_SECONDS = 0.5
BATCH_LINES = 200
MOST_LINES = 50_000
"""Kept while the service is away; beyond that the oldest are forgotten: the evaluation has all of them."""
MALFORMED = (400, 413, 415, 422)

_log = logging.getLogger("exposure.worker")


class Reporter(threading.Thread):
    """Speaks for one attempt at a job, in a thread of its own.

    While the service is away (it restarts, the network is down) it goes on trying: a service that comes back gives
    every running job a whole new lease. `is_cancelled` is set when the job is to end, `is_lost` when it is another's.
    """

    def __init__(self, link: Link, claim: Claim) -> None:
        super().__init__(name="reporter", daemon=True)
        self.is_cancelled = threading.Event()
        self.is_lost = threading.Event()
        self._link = link
        self._claim = claim
        self._lines: deque[Line] = deque(maxlen=MOST_LINES)
        self._progress: deque[Line] = deque(maxlen=1)
        self._batches: deque[list[Line]] = deque()
        self._said = 0
        self._outcome: Outcome | None = None
        self._woken = threading.Event()
        self._is_given_up = False
        self._next_beat = time.monotonic() + claim.heartbeat_seconds
        if claim.job.is_cancelling:
            self.is_cancelled.set()

    def say(self, line: Line) -> None:
        """Pass a line on soon; of progress only the newest."""
        (self._progress if line.type == "progress" else self._lines).append(line)

    def conclude(self, outcome: Outcome) -> None:
        """Pass on all that was said, then the outcome, until the service has it; the thread ends then."""
        self._outcome = outcome
        self._woken.set()

    def give_up(self) -> None:
        """Try no more: the job's lease runs out by itself."""
        self._is_given_up = True
        self._woken.set()

    def run(self) -> None:
        """Speak until the outcome is known, the job is lost, or it was given up."""
        failures = 0
        most = self._claim.lease_seconds / 6  # a service that came back must hear of us within a lease
        while not self._is_given_up:
            self._woken.wait(wait_seconds(failures, most=most) if failures else TICK_SECONDS)
            self._woken.clear()
            try:
                if self._speak():
                    return
                failures = 0
            except StaleAttemptError as error:
                _log.warning("job %s is held no longer: %s", self._claim.job.id, error)
                self.is_lost.set()
                return
            except (UnreachableError, RefusedError) as error:
                failures += 1
                if failures == 1:
                    _log.warning("job %s goes on; trying again: %s", self._claim.job.id, error)

    def _speak(self) -> bool:
        """Say what there is to say; whether that was the outcome."""
        if time.monotonic() >= self._next_beat:
            lease = self._link.heartbeat(self._claim.job.id, self._claim.attempt)
            self._next_beat = time.monotonic() + self._claim.heartbeat_seconds
            if lease.is_cancelled:
                self.is_cancelled.set()
        outcome = self._outcome  # before the lines: all of them were said before it
        while self._take_batch():
            self._send_batch()
        if outcome is not None:
            self._send_outcome(outcome)
        return outcome is not None

    def _take_batch(self) -> bool:
        """Have lines to send: exactly those that were not acknowledged, else new ones."""
        if not self._batches:
            count = min(len(self._lines), BATCH_LINES)
            lines = [self._lines.popleft() for _ in range(count)]
            if self._progress:
                lines.append(self._progress.popleft())
            self._batches.extend([lines] if lines else [])
        return bool(self._batches)

    def _send_batch(self) -> None:
        lines = self._batches[0]
        try:
            self._link.lines(self._claim.job.id, self._claim.attempt, lines, self._said)
            self._said += len(lines)
            self._batches.popleft()
        except RefusedError as error:
            if error.status not in MALFORMED:
                raise
            self._batches.popleft()
            if len(lines) > 1:  # one of them is wrong: each by itself
                self._batches.extendleft([line] for line in reversed(lines))
            else:
                _log.error("job %s: a line was refused and is left out: %s", self._claim.job.id, error)

    def _send_outcome(self, outcome: Outcome) -> None:
        job, attempt = self._claim.job.id, self._claim.attempt
        try:
            self._link.outcome(job, attempt, outcome)
        except RefusedError as error:
            if error.status not in MALFORMED:
                raise
            problem = f"It ended, but what it said of its end was refused. {error}"
            self._link.outcome(job, attempt, Outcome("failed", problem=problem[:4000]))
