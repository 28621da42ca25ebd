"""Every error as application/problem+json (RFC 9457), under types that stay the same."""

from __future__ import annotations

import http
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from exposure.errors import ExposureError, QuestionError, UsageError
from service.allowed import allowed_methods
from service.errors import (
    AccessError,
    BodyError,
    BusyError,
    ConflictError,
    InputError,
    InvalidRequestError,
    JobStoreError,
    KeyReuseError,
    LimitError,
    MediaTypeError,
    NotAcceptableError,
    NotFoundError,
    NotIndexedError,
    ParameterError,
    ReadOnlyError,
    RootError,
    ScopeError,
    StaleAttemptError,
    TooSlowError,
)

PROBLEM_JSON = "application/problem+json"
MAX_ERRORS = InvalidRequestError.MOST
"""How many wrong fields one answer names."""

_log = logging.getLogger("exposure.service")


@dataclass(frozen=True)
class Kind:
    """One kind of problem: `slug` is the last part of its `type`."""

    slug: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URI that names this kind; it leads to the documentation."""
        return f"/problems/{self.slug}"


BAD_REQUEST = Kind("bad-request", 400, "The request cannot be read")
UNAUTHORISED = Kind("unauthorised", 401, "A key is needed")
FORBIDDEN = Kind("forbidden", 403, "The key may not do this")
FOREIGN_ORIGIN = Kind("foreign-origin", 403, "A page from elsewhere may change nothing")
NOT_FOUND = Kind("not-found", 404, "There is no such thing here")
NOT_INDEXED = Kind("not-indexed", 404, "The phrase is not indexed in this timeline")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "The method is not answered here")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "The answer is not written in the form asked for")
BODY_TOO_SLOW = Kind("body-too-slow", 408, "The body took too long to arrive")
UNAVAILABLE = Kind("unavailable", 409, "It is there, but cannot be used as it is")
CONFLICT = Kind("conflict", 409, "Something stands in the way")
STALE_ATTEMPT = Kind("stale-attempt", 409, "The job is no longer held by this worker")
READ_ONLY = Kind("read-only", 409, "The service only answers")
TOO_LARGE = Kind("too-large", 413, "The request is too large")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported-media-type", 415, "The body is in a form that is not read here")
UNKNOWN_HOST = Kind("unknown-host", 421, "The service is not known under this name")
INVALID_REQUEST = Kind("invalid-request", 422, "The request is not as it should be")
HEADERS_TOO_LARGE = Kind("headers-too-large", 431, "The address and the headers are too large")
UNUSABLE_INPUT = Kind("unusable-input", 422, "What was sent or named cannot be used")
LIMIT_EXCEEDED = Kind("limit-exceeded", 422, "The request asks for more than one request may")
QUESTION = Kind("question", 422, "The question cannot be answered as it was put")
KEY_REUSED = Kind("key-reused", 422, "The Idempotency-Key was sent with another request")
NO_SUCH_ROOT = Kind("no-such-root", 422, "The path is not under a root")
BUSY = Kind("busy", 429, "Too much at once")
TOO_SLOW = Kind("too-slow", 503, "The question took too long")
CROWDED = Kind("crowded", 503, "There are too many connections")
STOPPING = Kind("stopping", 503, "The service is being stopped")
NO_STORAGE = Kind("no-storage", 503, "Jobs cannot be kept now")
INTERNAL_ERROR = Kind("internal-error", 500, "The service failed")

KINDS = (
    BAD_REQUEST, UNAUTHORISED, FORBIDDEN, FOREIGN_ORIGIN, NOT_FOUND, NOT_INDEXED, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE,
    BODY_TOO_SLOW, UNAVAILABLE,
    CONFLICT, STALE_ATTEMPT, READ_ONLY, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNKNOWN_HOST, INVALID_REQUEST,
    UNUSABLE_INPUT, LIMIT_EXCEEDED, QUESTION, KEY_REUSED, NO_SUCH_ROOT, BUSY, HEADERS_TOO_LARGE,
    INTERNAL_ERROR, TOO_SLOW, NO_STORAGE, STOPPING, CROWDED,
)  # fmt: skip

KIND_OF_ERROR: dict[type[ExposureError], Kind] = {
    NotFoundError: NOT_FOUND,
    NotIndexedError: NOT_INDEXED,
    BodyError: BAD_REQUEST,
    InvalidRequestError: INVALID_REQUEST,
    InputError: UNUSABLE_INPUT,
    LimitError: LIMIT_EXCEEDED,
    MediaTypeError: UNSUPPORTED_MEDIA_TYPE,
    NotAcceptableError: NOT_ACCEPTABLE,
    ParameterError: INVALID_REQUEST,
    AccessError: UNAUTHORISED,
    ScopeError: FORBIDDEN,
    ConflictError: CONFLICT,
    StaleAttemptError: STALE_ATTEMPT,
    ReadOnlyError: READ_ONLY,
    KeyReuseError: KEY_REUSED,
    RootError: NO_SUCH_ROOT,
    BusyError: BUSY,
    JobStoreError: NO_STORAGE,
    TooSlowError: TOO_SLOW,
    QuestionError: QUESTION,
    UsageError: QUESTION,
    ExposureError: UNAVAILABLE,
}
"""The nearest class decides; what is left are artefacts (timelines, pair sets) that are damaged or half there."""

_KIND_OF_STATUS = {
    kind.status: kind for kind in (BAD_REQUEST, UNAUTHORISED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE)
}


class FieldProblem(BaseModel):
    """One field of a request that is wrong."""

    where: str = Field(description="The field: where it stands, and its name.", examples=["query.at_step"])
    problem: str = Field(description="What was expected.")


class Problem(BaseModel):
    """Why a request was not answered."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="The kind of problem; it stays the same.", examples=[NOT_FOUND.type])
    title: str = Field(description="The kind in words.", examples=[NOT_FOUND.title])
    status: int = Field(description="The status of the answer.", examples=[NOT_FOUND.status])
    detail: str = Field(description="What was given, what was expected, and what to do next.")
    request_id: str = Field(description="X-Request-ID of the answer; the service logs its own failures under it.")
    errors: list[FieldProblem] | None = Field(
        default=None, description=f"With {INVALID_REQUEST.type}: the wrong fields, {MAX_ERRORS} at most."
    )


def problem(
    kind: Kind,
    detail: str,
    request_id: str,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
) -> Response:
    """The answer for a problem of `kind`."""
    body = Problem(
        type=kind.type, title=kind.title, status=kind.status, detail=detail, request_id=request_id, errors=errors
    ).model_dump(exclude_none=True)
    # ASCII alone: what a client sent may come back in `detail`, halves of surrogate pairs included.
    content = json.dumps(body).encode("ascii")
    # The answer to a failure of the service goes round the envelope, hence its headers here.
    always = {"X-Request-ID": request_id, "X-Content-Type-Options": "nosniff"}
    return Response(content, kind.status, {**(headers or {}), **always}, PROBLEM_JSON)


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem."""
    app.add_exception_handler(ExposureError, _exposure_error)
    app.add_exception_handler(InvalidRequestError, _invalid_fields)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _internal_error)


async def _exposure_error(request: Request, error: Exception) -> Response:
    kind = next(KIND_OF_ERROR[one] for one in type(error).__mro__ if one in KIND_OF_ERROR)
    headers = {"Retry-After": str(error.retry_seconds)} if isinstance(error, BusyError) else {}
    return problem(kind, request.app.state.settings.public(str(error)), request_id_of(request), headers)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = list(error.errors())
    wrong_body = _wrong_body(request, found)
    if wrong_body is not None:
        return problem(*wrong_body, request_id_of(request))
    return await _invalid_fields(request, InvalidRequestError.of(found))


async def _invalid_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidRequestError)
    fields = [FieldProblem(where=where, problem=expected) for where, expected in error.fields]
    if not fields:
        return problem(INVALID_REQUEST, request.app.state.settings.public(str(error)), request_id_of(request))
    least = "" if error.is_all else "at least "
    more = f" ({least}{error.count - 1} more)" if error.count > 1 else ""
    detail = f"{fields[0].where}: {fields[0].problem}{more}. What this route expects is listed at /docs."
    return problem(INVALID_REQUEST, detail, request_id_of(request), errors=fields)


def _wrong_body(request: Request, errors: list[dict[str, Any]]) -> tuple[Kind, str] | None:
    """A body that could not be read at all, told apart from one with a wrong field."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return (
            BAD_REQUEST,
            f"The body is not JSON: {first['ctx']['error']}, at character {first['loc'][-1]}. Send one JSON object.",
        )
    media = request.headers.get("content-type", "")
    if first["loc"] == ("body",) and first["type"] != "missing" and "json" not in media:
        return (
            UNSUPPORTED_MEDIA_TYPE,
            f"The body's Content-Type is {media!r}; send JSON, with Content-Type: application/json.",
        )
    return None


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    details = {
        400: f"{error.detail}. Send one JSON object, as listed at /docs.",
        404: f"There is nothing at {request.url.path!r}. The routes are listed at /docs.",
        405: f"{request.method} is not answered at {request.url.path!r}. What is answered is listed at /docs.",
    }
    headers = {**(error.headers or {})}
    if status == 405:
        headers["Allow"] = ", ".join(allowed_methods(request.app, request.url.path) or ("GET", "HEAD"))
    kind = _KIND_OF_STATUS.get(status) or Kind(f"http-{status}", status, http.HTTPStatus(status).phrase)
    return problem(kind, details.get(status, str(error.detail)), request_id_of(request), headers)


async def _internal_error(request: Request, error: Exception) -> Response:
    request_id = request_id_of(request)
    log_failure(request_id, error)
    return internal_error(request_id)


def log_failure(request_id: str, error: BaseException) -> None:
    """Write a defect into the log, with its traceback, under the id that the client is told."""
    _log.error("request %s failed", request_id, exc_info=error, extra={"request_id": request_id})


def internal_error(request_id: str) -> Response:
    """The answer to a request that met a defect."""
    return problem(
        INTERNAL_ERROR,
        "This is a defect of the service, not of the request. It is logged under request_id.",
        request_id,
    )


def request_id_of(request: Request) -> str:
    """The id that the envelope gave to this request."""
    return str(request.state.request_id)
