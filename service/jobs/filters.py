"""Which jobs are asked for, and one page of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from exposure.api.jobs import Job, JobState
from exposure.api.requests import JobKind


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Jobs that fit all that is given."""

    kind: JobKind | None = None
    state: JobState | None = None
    timeline: str | None = None
    evaluation: str | None = None
    run: str | None = None

    def conditions(self) -> Iterator[tuple[str, str | int]]:
        """(SQL with one parameter, its value) of each."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield f"{field.name} = ?", value


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, the newest first; `next` leads to the following ones, None after the last."""

    jobs: tuple[Job, ...]
    next: str | None
