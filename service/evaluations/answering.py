"""From an evaluation to an answer: unchanged, or made now, whole or page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from exposure.encoding import Answers
from service.answering import etag, is_current
from service.listing import paged
from service.rendering import negotiate, render

_HEADERS = {"Vary": "Accept", "Cache-Control": "private, no-cache"}

Made = tuple[Answers, str | None]
"""Rows or batches, and the cursor of the next page."""


def unchanged(request: Request, validator: str, headers: Mapping[str, str] = _HEADERS) -> Response | None:
    """304 where the client has what `validator` names."""
    tag = etag(validator)
    if is_current(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers={**headers, "ETag": tag})
    return None


def one(request: Request, kind: type, row: Any, validator: str) -> Response:
    """A single row of the dataclass `kind`, which JSON does not wrap."""
    media = negotiate(request.headers.get("accept"))
    return unchanged(request, validator) or render(kind, [row], media, None, {**_HEADERS, "ETag": etag(validator)})


def many(request: Request, kind: type, validator: str, make: Callable[[], Made]) -> Response:
    """The rows that `make` gives, of the dataclass `kind`; it is not asked where nothing has changed."""
    negotiate(request.headers.get("accept"))  # before anything is opened for an answer that cannot be written
    found = unchanged(request, validator)
    if found is not None:
        return found
    rows, following = make()
    return paged(request, kind, rows, following, validator)
