"""What OpenAPI says of the routes of jobs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from exposure.encoding import NDJSON
from service.jobs.examples import QUEUED
from service.jobs.streams import EVENT_STREAM
from service.problems import (
    BAD_REQUEST,
    BUSY,
    CONFLICT,
    KEY_REUSED,
    NO_STORAGE,
    NO_SUCH_ROOT,
    NOT_FOUND,
    QUESTION,
    READ_ONLY,
    STALE_ATTEMPT,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Kind,
)
from service.reference.openapi import Responses, problems

OF_JOBS = (READ_ONLY, NO_STORAGE)
"""What any route of jobs can answer."""

OF_BODY = (BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE)
OF_ASKING = (*OF_BODY, NOT_FOUND, CONFLICT, UNAVAILABLE, KEY_REUSED, NO_SUCH_ROOT, QUESTION, BUSY)
OF_WORKERS = (*OF_BODY, NOT_FOUND, STALE_ATTEMPT)


def asks() -> Responses:
    """The `responses` of a route that makes jobs."""
    location = {"Location": {"description": "Where the job is found.", "schema": {"type": "string"}}}
    accepted = _json("The job: a new one, or the one that the same request is already.", asdict(QUEUED))
    return {202: {**accepted, "headers": location}, **problems(*OF_JOBS, *OF_ASKING)}


def gives(description: str, example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route of jobs that answers JSON alone."""
    return {200: _json(description, example), **problems(*OF_JOBS, *kinds)}


def streams() -> Responses:
    """The `responses` of a stream of events."""
    text = {"type": "string"}
    content = {
        EVENT_STREAM: {"schema": {**text, "description": "Server-sent events, until the job has ended."}},
        NDJSON: {"schema": {**text, "description": "With wait=false: what there is, one event a line."}},
    }
    return {
        200: {"description": "The events of the job.", "content": content},
        204: {"description": "The job has ended, and nothing came after Last-Event-ID."},
        **problems(*OF_JOBS, NOT_FOUND, BUSY),
    }


def _json(description: str, example: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"example": json.dumps(example)}}}
