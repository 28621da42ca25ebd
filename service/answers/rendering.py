"""One renderer for every answer: JSON, NDJSON, CSV, Arrow or Parquet, as the Accept header asks.

    media = negotiate(request.headers.get("accept"))
    return render(FirstSeen, answers, media, {"timeline": name}, headers)

`answers` are dataclasses of one kind, a pa.Table or an iterable of pa.RecordBatch with the schema
`answer_schema(kind)`; what each form looks like is `exposure.encoding`'s. Call it from a thread (a sync route): the
first part is made at once, so that what goes wrong there is still a problem; the rest is made in threads, part by
part, as fast as the client takes it. What goes wrong in the middle ends the connection before the answer is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from exposure.encoding import CSV, MEDIA, Answers, encoded
from exposure.row_encoding import Envelope
from service.answers.streaming import PartsResponse
from service.errors import NotAcceptableError

WHOLE_BYTES = 1 << 16
"""An answer that is no longer than this goes out at once, with its length."""


def render(kind: type, answers: Answers, media: str, envelope: Envelope | None, headers: Mapping[str, str]) -> Response:
    """The answer `answers`, all of the dataclass `kind`, as `media` (one of MEDIA).

    JSON puts them into `envelope` as its "answers"; without an envelope the one row is the answer. The other forms
    have rows only.
    """
    typed = {**headers, "Content-Type": f"{media}; charset=utf-8" if media == CSV else media}
    parts = encoded(kind, answers, media, envelope)
    begun: list[bytes] = []
    for part in parts:
        begun.append(part)
        if sum(map(len, begun)) > WHOLE_BYTES:
            return PartsResponse(begun, parts, headers=typed)
    return Response(b"".join(begun), headers=typed)


def negotiate(accept: str | None) -> str:
    """The media type of MEDIA that an Accept header likes best; raises NotAcceptableError where it likes none."""
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    liked = {media: _quality(media, ranges) for media in MEDIA}
    best = max(liked, key=lambda media: liked[media])  # the first of the best
    if liked[best] == 0:
        raise NotAcceptableError(
            f"Accept: {accept} was sent; answers are {', '.join(MEDIA)}. Accept one of these, or */*."
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
