"""One job, and other small things, as JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from fastapi import Request
from starlette.responses import Response

from exposure.api.jobs import Job
from service.answers.revalidation import etag, unchanged

JSON = "application/json"
_PRIVATE = {"Cache-Control": "private, no-cache"}


def accepted(job: Job) -> Response:
    """The answer to a request that became a job: 202, and where the job is."""
    return Response(_text(job), 202, {**_PRIVATE, "Location": f"/v1/jobs/{job.id}"}, JSON)


def said(answer: Any) -> Response:
    """A dataclass."""
    return Response(_text(answer), 200, _PRIVATE, JSON)


def revalidated(request: Request, job: Job) -> Response:
    """The job, or 304 where it is as it was when it was sent with its ETag."""
    text = _text(job)
    headers = {**_PRIVATE, "ETag": etag(hashlib.sha256(text).hexdigest()[:32])}
    return unchanged(request, headers) or Response(text, 200, headers, JSON)


def _text(answer: Any) -> bytes:
    return json.dumps(asdict(answer)).encode("ascii")
