"""One renderer for every answer: a list of dataclasses becomes JSON, NDJSON or CSV, as the Accept header asks.

A row of NDJSON is, byte for byte, the line that the shell prints with --format jsonl.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from starlette.responses import Response, StreamingResponse

from service.errors import NotAcceptableError

ROWS_A_PART = 500
"""Encoded at once; encoding 100,000 would keep every other request waiting meanwhile."""

Envelope = Mapping[str, str]
Rows = Sequence[Any]
Renderer = Callable[[type, Rows, Envelope | None], Iterator[str]]

_encode = json.JSONEncoder(ensure_ascii=False, default=asdict).encode


def render(kind: type, rows: Rows, media: str, envelope: Envelope | None, headers: Mapping[str, str]) -> Response:
    """The answer `rows`, all of the dataclass `kind`, as `media` (of RENDERERS).

    JSON puts them into `envelope` as its "answers"; without an envelope the one row is the answer. NDJSON and CSV have
    rows only. Long answers are streamed in parts.
    """
    parts = (part.encode() for part in RENDERERS[media](kind, rows, envelope))
    typed = {**headers, "Content-Type": f"{media}; charset=utf-8" if media == "text/csv" else media}
    if len(rows) <= ROWS_A_PART:
        return Response(b"".join(parts), headers=typed)
    return StreamingResponse(parts, headers=typed)


def _json(kind: type, rows: Rows, envelope: Envelope | None) -> Iterator[str]:
    if envelope is None:
        (row,) = rows
        yield _encode(_mapping(kind, row))
        return
    yield "{" + "".join(f"{_encode(key)}: {_encode(value)}, " for key, value in envelope.items()) + '"answers": ['
    for number, part in enumerate(_parts(rows)):
        yield (", " if number else "") + _encode([_mapping(kind, row) for row in part])[1:-1]
    yield "]}"


def _ndjson(kind: type, rows: Rows, envelope: Envelope | None) -> Iterator[str]:
    del envelope
    for part in _parts(rows):
        yield "".join(_encode(_mapping(kind, row)) + "\n" for row in part)


def _csv(kind: type, rows: Rows, envelope: Envelope | None) -> Iterator[str]:
    del envelope
    yield _csv_lines([[field.name for field in fields(kind)]])
    for part in _parts(rows):
        yield _csv_lines([[_csv_field(value) for value in _mapping(kind, row).values()] for row in part])


RENDERERS: dict[str, Renderer] = {"application/json": _json, "application/x-ndjson": _ndjson, "text/csv": _csv}
"""Media type → renderer; the first is what a client gets that does not care."""


def _mapping(kind: type, row: Any) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(kind)}


def _parts(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + ROWS_A_PART] for start in range(0, len(rows), ROWS_A_PART))


def _csv_lines(rows: list[list[Any]]) -> str:
    # RFC 4180's line ends: with "\n" alone, a carriage return in a text would not be quoted.
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def _csv_field(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return value
    return "" if value is None else _encode(value)


def negotiate(accept: str | None) -> str:
    """The media type of RENDERERS that an Accept header likes best; raises NotAcceptableError where it likes none."""
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    liked = {media: _quality(media, ranges) for media in RENDERERS}
    best = max(liked, key=lambda media: liked[media])  # the first of the best
    if liked[best] == 0:
        raise NotAcceptableError(
            f"Accept: {accept} was sent; answers are {', '.join(RENDERERS)}. Accept one of these, or */*."
        )
    return best


def _range(part: str) -> tuple[str, float]:
    """(media range, quality) of one element of an Accept header; a quality that is no number is none."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    try:
        return name, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return name, 0.0


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """What the most specific range that fits says; 0 where none fits."""
    for wanted in (media, media.partition("/")[0] + "/*", "*/*"):
        fitting = [quality for name, quality in ranges if name == wanted]
        if fitting:
            return max(fitting)
    return 0.0
