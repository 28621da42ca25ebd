"""What a thing is in use for: by jobs that are queued or running, and by other things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from exposure.api.jobs import Job
from service.errors import ConflictError

Kind = Literal["timelines", "runs", "evaluations", "pair-sets", "phrase-sets"]

NOUNS: dict[Kind, str] = {
    "timelines": "timeline",
    "runs": "run",
    "evaluations": "evaluation",
    "pair-sets": "pair set",
    "phrase-sets": "phrase set",
}


def refuse_used_by_jobs(jobs: Iterable[Job], kind: Kind, name: str) -> None:
    """Raise ConflictError where one of `jobs` names the thing."""
    using = [job.id for job in jobs if name in _names(job, kind)]
    if using:
        raise ConflictError(
            f"The {NOUNS[kind]} {name} is in use by the job {using[0]}{_more(using)}. Wait for it, or cancel it with "
            f"DELETE /v1/jobs/{using[0]}."
        )


def _names(job: Job, kind: Kind) -> list[object]:
    """All things of `kind` that a job names."""
    request = job.request
    if kind == "phrase-sets":
        return [*(request.get("phrase_sets") or []), request.get("phrase_set")]
    if kind == "evaluations":
        return [request.get("name")] if job.kind == "evaluate" else []
    return [request.get({"timelines": "timeline", "runs": "run", "pair-sets": "pair_set"}[kind])]


def _more(using: list[str]) -> str:
    return f" and {len(using) - 1} more" if len(using) > 1 else ""
