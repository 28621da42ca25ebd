"""What a client has already is not sent again: weak ETags, and 304 where If-None-Match names the current one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from exposure import __version__
from exposure.encoding import JSON, encoded
from exposure.row_encoding import Envelope

HEADERS = {"Vary": "Accept", "Cache-Control": "private, no-cache"}
"""Of answers that come in several forms, and are asked for again rather than taken from a cache."""


def etag(validator: str) -> str:
    """The tag of answers that hold as long as `validator` does and this software is the same.

    It is a weak one: the same answer in JSON and in CSV has the same tag.
    """
    return f'W/"{validator}-{__version__}"'


def content_validator(kind: type, rows: Sequence[Any], envelope: Envelope | None) -> str:
    """What names an answer that is cheap to make: it changes whenever any of the answer does."""
    digest = hashlib.sha256()
    for part in encoded(kind, rows, JSON, envelope):
        digest.update(part)
    return digest.hexdigest()[:40]


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """304 with `headers`, where the client has what their ETag names."""
    if is_current(request.headers.getlist("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=dict(headers))
    return None


def is_current(if_none_match: Sequence[str], tag: str) -> bool:
    """Whether an If-None-Match header names `tag`, or is "*"; compared weakly."""
    named = {one.strip().removeprefix("W/") for header in if_none_match for one in header.split(",")}
    return "*" in named or tag.removeprefix("W/") in named
