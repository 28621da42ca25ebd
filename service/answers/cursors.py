"""Cursors: where the next page begins, as a text that means nothing to anyone else."""

from __future__ import annotations

import base64
import json
from typing import Annotated

from pydantic import Field

from service.errors import ParameterError

MAX_LIMIT = 10_000

Cursor = Annotated[str, Field(min_length=1, max_length=1_000)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]

CURSOR = "`next` of the page before; a cursor holds for the question that it came with. Left out: from the beginning."
LIMIT = "Answers of one page."


def cursor_at(place: int) -> str:
    """A cursor that leads to `place`."""
    return base64.urlsafe_b64encode(json.dumps({"at": place}).encode()).decode().rstrip("=")


def place_at(cursor: str | None, end: int) -> int:
    """The place that `cursor` leads to, 0 without one; raises ParameterError for what is no cursor within `end`."""
    if cursor is None:
        return 0
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))["at"]
    except (ValueError, KeyError, TypeError, RecursionError):
        place = None
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place <= end:
        raise foreign_cursor()
    return place


def foreign_cursor() -> ParameterError:
    """The error of a cursor that leads nowhere."""
    return ParameterError("query.cursor is none that this service gave for this question. Begin without a cursor.")
