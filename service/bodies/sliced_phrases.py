"""`{"phrases": [texts], "at_step": number}` read in short pieces, so that the interpreter is free for others between.

A piece ends where one text seems to end and another to begin. Each is then read as a list by itself: only where the
cut was between two texts does that succeed, since a piece begins between two texts. Where it does not succeed, or
anything is not quite as it should be, nothing is said here: the body is to be read as a whole, elsewhere.
"""

from __future__ import annotations

import re
import time

import pyarrow as pa
from pydantic_core import from_json

SLICE_BYTES = 128 << 10
"""Of a piece: about one millisecond."""

PAUSE_SECONDS = 1e-4
"""Between pieces. Arrow gives the interpreter up and takes it again at once, so that nobody else would ever get it."""

CUTS_TRIED = 4
"""For each piece: of texts that are a comma, every second cut is in the middle of one."""

_SPACE = rb"[ \t\n\r]{0,99}"
_STEP = rb'"at_step"' + _SPACE + rb":" + _SPACE + rb"(null|0|[1-9][0-9]{0,15})" + _SPACE
_HEAD = re.compile(
    _SPACE + rb"\{" + _SPACE + rb"(?:" + _STEP + rb"," + _SPACE + rb')?"phrases"' + _SPACE + rb":" + _SPACE + rb"\["
)
_TAIL = re.compile(rb"\]" + _SPACE + rb"(?:," + _SPACE + _STEP + rb")?\}" + _SPACE)
_CUT = re.compile(rb'"' + _SPACE + rb"," + _SPACE + rb'(?=")')
_ENDS_BYTES = 1_000


def sliced(body: bytes) -> tuple[pa.StringArray, int | None] | None:
    """The texts and the step of a body that is right; None where it must be read as a whole.

    Texts may be empty or null, and the step may be any number: that is looked at by whoever asks.
    """
    head, last = _HEAD.match(body, 0, _ENDS_BYTES), body.rfind(b"]")
    tail = _TAIL.fullmatch(body, last) if last >= len(body) - _ENDS_BYTES else None
    if head is None or tail is None or (head[1] and tail[1]):
        return None
    texts = _texts(body, head.end(), last)
    step = head[1] or tail[1] or b"null"
    return None if texts is None else (texts, None if step == b"null" else int(step))


def _texts(body: bytes, start: int, end: int) -> pa.StringArray | None:
    pieces: list[pa.StringArray] = []
    while True:
        piece, start = _piece(body, start, end)
        if piece is None:
            return None
        pieces.append(piece)
        if start >= end:
            return pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)
        time.sleep(PAUSE_SECONDS)


def _piece(body: bytes, start: int, end: int) -> tuple[pa.StringArray | None, int]:
    """The texts from `start` on, and where the next piece starts."""
    if end - start <= 2 * SLICE_BYTES:  # so that there is a place to cut in what is left
        return _read(body[start:end]), end
    place = start + SLICE_BYTES
    for _ in range(CUTS_TRIED):
        cut = _CUT.search(body, place, min(place + SLICE_BYTES, end))
        if cut is None:
            break
        piece = _read(body[start : cut.start() + 1])
        if piece is not None:
            return piece, cut.end()
        place = cut.start() + 1
    return None, end


def _read(texts: bytes) -> pa.StringArray | None:
    try:
        return pa.array(from_json(b"[%b]" % texts, cache_strings="none"), pa.string())
    except (ValueError, TypeError, pa.ArrowException):
        return None
