"""A request as the store keeps it: the same request is always the same text, and names what it works on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from exposure.api.requests import EvaluationRequest, IndexRequest, JobKind, JobRequest

SETS = ("phrase_sets", "uids")
"""Fields whose order and repetitions mean nothing."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What was asked for. `claims` is what no two running jobs may work on: a timeline, an evaluation."""

    kind: JobKind
    request: str
    digest: str
    claims: str
    run: str | None
    timeline: str | None
    evaluation: str | None

    @classmethod
    def of(cls, request: JobRequest) -> Submission:
        """With every default filled in."""
        fields = request.model_dump(mode="json")
        kind: JobKind = "index" if isinstance(request, IndexRequest) else "evaluate"
        claims = f"timeline {request.timeline}" if isinstance(request, IndexRequest) else f"evaluation {request.name}"
        return cls(
            kind=kind,
            request=json.dumps(fields),
            digest=request_digest(kind, fields),
            claims=claims,
            run=request.run if isinstance(request, IndexRequest) else None,
            timeline=request.timeline,
            evaluation=request.name if isinstance(request, EvaluationRequest) else None,
        )


def request_digest(kind: JobKind, fields: dict[str, Any]) -> str:
    """What the same requests have in common."""
    compared = {name: sorted(set(value)) if name in SETS else value for name, value in fields.items()}
    return hashlib.sha256(json.dumps([kind, compared], sort_keys=True).encode("ascii")).hexdigest()
