"""Cursors: where the next page begins, as a text that means nothing to anyone else."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Annotated

from pydantic import Field

from service.errors import ParameterError

MAX_LIMIT = 10_000

Cursor = Annotated[str, Field(min_length=1, max_length=1_000)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]

CURSOR = "`next` of the page before; a cursor holds for the question that it came with. Left out: from the beginning."
LIMIT = "Answers of one page."


def question_of(*parts: object) -> str:
    """What names a question, whatever the page: made from all that it asks, in JSON's types."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def cursor_at(place: int, question: str) -> str:
    """A cursor that leads to `place` of the answer to `question`."""
    document = json.dumps({"at": place, "for": question})
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def place_at(cursor: str | None, question: str, end: int) -> int:
    """The place that `cursor` leads to, 0 without one.

    Raises ParameterError for what is no cursor of this question, within `end`.
    """
    if cursor is None:
        return 0
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place, asked = found["at"], found["for"]
    except (ValueError, KeyError, TypeError, RecursionError):
        place, asked = None, None
    if asked != question or not isinstance(place, int) or isinstance(place, bool) or not 0 <= place <= end:
        raise foreign_cursor()
    return place


def foreign_cursor() -> ParameterError:
    """The error of a cursor that leads nowhere, or was given for another question."""
    return ParameterError(
        "query.cursor is none that this service gave for this question. Ask the one on that it came with, or begin "
        "without a cursor."
    )
