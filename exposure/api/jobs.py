"""Jobs as they are answered: one that indexes or evaluates, how far it is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from exposure.api.requests import JobKind

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is: `done` of `total`, in `unit`, of what `stage` says ("index", "step 100 (3/20)")."""

    stage: str
    done: float
    total: float
    unit: str


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Times are seconds since 1970 by the service's clock, and decide nothing.

    `attempt` counts from 1 how often a worker took it up; 0 while no one has. `result` is there when it succeeded:
    what was made (`timeline` and `generation`, or `evaluation`), its holes or broken checkpoints. `problem` is a
    sentence when it failed or was cancelled, and while it is queued again what ended the attempt before.
    """

    id: str
    kind: JobKind
    state: JobState
    request: dict[str, Any]
    created: float
    started: float | None = None
    finished: float | None = None
    attempt: int = 0
    worker: str | None = None
    is_cancelling: bool = False
    progress: JobProgress | None = None
    result: dict[str, Any] | None = None
    problem: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job. `id` rises from event to event and is what Last-Event-ID sends back.

    `type`: state (`data` is the Job), progress (JobProgress), checkpoint (its step, status, reason), measurement
    (a Measurement), note (`text`).
    """

    id: int
    job: str
    type: Literal["state", "progress", "checkpoint", "measurement", "note"]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A job given to a worker: `attempt` is its fence, and goes with all that the worker says of it."""

    job: Job
    attempt: int
    lease_seconds: float
    heartbeat_seconds: float


@dataclass(frozen=True, slots=True)
class Lease:
    """What a heartbeat is answered with."""

    is_cancelled: bool
    lease_seconds: float
