"""Cursors that hold for one question and one state of an evaluation, so that pages are always parts of one whole."""

from __future__ import annotations

import base64
import json

from service.errors import ConflictError, ParameterError


def page_cursor(place: int, question: str, state: str) -> str:
    """A cursor that leads to the row `place` of the answer to `question` as the evaluation is in `state`."""
    document = json.dumps({"at": place, "for": question[:16], "of": state[:16]})
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def page_place(cursor: str | None, question: str, state: str) -> int:
    """The row that `cursor` leads to, 0 without one.

    Raises ParameterError for what is no cursor of this question, ConflictError where the evaluation has changed since.
    """
    if cursor is None:
        return 0
    place, asked, seen = _read(cursor)
    if asked != question[:16]:
        raise ParameterError("query.cursor came with another question. Ask that one on, or begin without a cursor.")
    if seen != state[:16]:
        raise ConflictError(
            "The evaluation has changed since the page before: pages of before and after would make no whole. Begin "
            "again without a cursor."
        )
    return place


def _read(cursor: str) -> tuple[int, str, str]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place, asked, seen = found["at"], found["for"], found["of"]
        if type(place) is int and place > 0 and isinstance(asked, str) and isinstance(seen, str):
            return place, asked, seen
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise ParameterError("query.cursor is none that this service gave. Send the `next` of the page before, as it is.")
