"""A worker: claims one job after the other, each done by a child process of its own, and tells the service of it.

It imports neither torch nor a matcher, so nothing that goes wrong in a job goes wrong here.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from exposure.api.jobs import Claim
from exposure.api.lines import Line
from exposure.api.requests import JobKind
from exposure.errors import ExposureError
from service.data_directory import read_identity
from service.jobs.outcome import Outcome
from service.settings import Settings
from service.workers.endings import outcome_of
from service.workers.job_process import JobProcess
from service.workers.link import Link, UnreachableError
from service.workers.publicity import public_text, public_value
from service.workers.reporter import Reporter
from service.workers.specs import spec_of
from service.workers.waits import wait_seconds

CHILDREN: Mapping[JobKind, Sequence[str]] = {
    "index": (sys.executable, "-m", "indexer"),
    "evaluate": (sys.executable, "-m", "evaluator"),
}
CLAIM_SECONDS = 20.0
"""How long a claim waits for a job to come."""
CANCEL_SECONDS = 10.0
"""Between telling a cancelled job's process to end and killing it."""
STOP_SECONDS = 5.0
"""The same when the worker itself is to end; and how long it then tries to say so."""
LINGER_SECONDS = 10.0
"""How long a process may take to end after it has said its outcome."""
POLL_SECONDS = 0.05

_log = logging.getLogger("exposure.worker")


class WorkerStopped(BaseException):
    """The worker is to end, and has no job."""


class Worker:
    """A worker of one kind for the service at the other end of `link`, over its data directory."""

    def __init__(
        self,
        settings: Settings,
        link: Link,
        kind: JobKind,
        children: Mapping[JobKind, Sequence[str]] = CHILDREN,
    ) -> None:
        self.name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{platform.node() or 'unnamed'}-{os.getpid()}")[-100:].lstrip(
            "-._"
        )
        self._settings = settings
        self._link = link
        self._kind = kind
        self._children = children
        self._is_stopping = False
        self._is_idle = False

    def obey_signals(self) -> None:
        """SIGTERM and SIGINT end it: at once where it has no job, else after its process has ended. Main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self, is_once: bool = False) -> None:
        """Do jobs until stopped; `is_once`: one, if one is waiting.

        Raises ServiceError where the data directory has no identity, RefusedError where the service will not have
        this worker: another key, another data directory.
        """
        directory = read_identity(self._settings.data)
        try:
            while not self._is_stopping:
                claim = self._claim(directory, 0.0 if is_once else CLAIM_SECONDS)
                if claim is not None:
                    self._attend(claim)
                if is_once:
                    return
        except WorkerStopped:
            return

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._is_stopping = True
        if self._is_idle:
            raise WorkerStopped

    @contextmanager
    def _idle(self) -> Iterator[None]:
        """What a signal may interrupt."""
        self._is_idle = True
        try:
            if self._is_stopping:
                raise WorkerStopped
            yield
        finally:
            self._is_idle = False

    def _claim(self, directory: str, seconds: float) -> Claim | None:
        """Ask for a job until the service answers."""
        failures = 0
        while True:
            with self._idle():
                try:
                    return self._link.claim(self.name, self._kind, directory, seconds)
                except UnreachableError as error:
                    failures += 1
                    if failures == 1:
                        _log.warning("%s Trying again.", error)
                    time.sleep(wait_seconds(failures))

    def _attend(self, claim: Claim) -> None:
        """Have one job done, and say what became of it."""
        _log.info("job %s, attempt %d: begun", claim.job.id, claim.attempt)
        reporter = Reporter(self._link, claim)
        reporter.start()
        outcome = self._outcome(claim, reporter)
        if reporter.is_lost.is_set():
            return
        _log.info("job %s, attempt %d: %s %s", claim.job.id, claim.attempt, outcome.state, outcome.problem or "")
        reporter.conclude(outcome)
        self._await_telling(reporter)

    def _await_telling(self, reporter: Reporter) -> None:
        """Return when the service has the outcome, however long it is away; soon, where the worker is to end."""
        stops_from: float | None = None
        while reporter.is_alive():
            reporter.join(POLL_SECONDS)
            if self._is_stopping:
                stops_from = stops_from or time.monotonic()
                if time.monotonic() - stops_from > STOP_SECONDS:
                    reporter.give_up()
                    return

    def _outcome(self, claim: Claim, reporter: Reporter) -> Outcome:
        try:
            spec = spec_of(self._settings, claim.job)
            process = self._start(claim, spec.model_dump_json(), reporter)
        except (ExposureError, OSError) as error:
            return Outcome("failed", problem=public_text(self._settings, str(error)))
        self._watch(process, reporter)
        status = process.finish()
        return outcome_of(self._settings, process, status, reporter.is_cancelled.is_set(), self._is_stopping)

    def _start(self, claim: Claim, spec: str, reporter: Reporter) -> JobProcess:
        def pass_on(line: Line) -> None:
            reporter.say(Line(line.type, public_value(self._settings, line.data)))

        environment = {"HF_HUB_OFFLINE": "0" if self._settings.is_online else "1"}
        return JobProcess(self._children[claim.job.kind], spec, environment, pass_on)

    def _watch(self, process: JobProcess, reporter: Reporter) -> None:
        """Return when the process has ended; end it where it has to."""
        lingers_from: float | None = None
        while not process.has_ended():
            if reporter.is_lost.is_set():
                process.kill()
            elif self._is_stopping:
                process.end(STOP_SECONDS)
            elif reporter.is_cancelled.is_set():
                process.end(CANCEL_SECONDS)
            elif process.outcome is not None:
                lingers_from = lingers_from or time.monotonic()
                if time.monotonic() - lingers_from > LINGER_SECONDS:
                    process.kill()
            time.sleep(POLL_SECONDS)
