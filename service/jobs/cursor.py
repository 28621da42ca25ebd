"""The place after a page of jobs, in a form that says nothing to clients: they send it back as it is."""

from __future__ import annotations

import base64
import binascii

from service.errors import ParameterError

_MARK = b"j1:"
_LONGEST = 64


def cursor_after(number: int) -> str:
    """The cursor of the page after the job `number`."""
    return base64.urlsafe_b64encode(_MARK + str(number).encode()).decode().rstrip("=")


def number_of(cursor: str) -> int:
    """The job after which the page begins; raises ParameterError for what is no cursor."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        text = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        number = int(text.removeprefix(_MARK).decode("ascii"))
        if not 0 < number < 1 << 63 or cursor_after(number) != cursor:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise ParameterError(
            f"query.cursor: {cursor[:_LONGEST]!r} is no cursor. Send the `next` of the page before, as it is."
        ) from error
    return number
