"""From an open generation to an answer: unchanged, or asked for now and rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from exposure import __version__
from exposure.encoding import Answers as Rows
from service.generations import OpenGeneration
from service.rendering import negotiate, render

GENERATION_HEADER = "Exposure-Generation"


def answer(
    request: Request,
    opened: OpenGeneration,
    kind: type,
    ask: Callable[[], Rows],
    validator: str | None = None,
    confirm: Callable[[], None] | None = None,
) -> Response:
    """What `ask` gives, rows of the dataclass `kind` wrapped with the timeline's name and generation.

    A GET whose If-None-Match names what is current is answered with 304, unasked; `confirm` raises before that what
    `ask` would. `validator` is the generation, where nothing else decides the answer.
    """
    envelope = {"timeline": request.path_params["timeline"], "generation": opened.digest}
    return _answer(request, opened, kind, ask, validator or opened.digest, envelope, confirm)


def answer_one(request: Request, opened: OpenGeneration, kind: type, ask: Callable[[], Any]) -> Response:
    """As `answer`, for a single row, which JSON does not wrap."""
    return _answer(request, opened, kind, lambda: [ask()], opened.digest, None, None)


def _answer(
    request: Request,
    opened: OpenGeneration,
    kind: type,
    ask: Callable[[], Rows],
    validator: str,
    envelope: Mapping[str, str] | None,
    confirm: Callable[[], None] | None,
) -> Response:
    headers = {GENERATION_HEADER: opened.digest, "Vary": "Accept", "Cache-Control": "private, no-cache"}
    if request.method == "GET":
        headers["ETag"] = etag(validator)
        if is_current(request.headers.getlist("if-none-match"), headers["ETag"]):
            if confirm is not None:
                confirm()
            return Response(status_code=304, headers=headers)
    media = negotiate(request.headers.get("accept"))
    return render(kind, ask(), media, envelope, headers)


def etag(validator: str) -> str:
    """The tag of answers that hold as long as `validator` does and this software is the same.

    It is a weak one: the same answer in JSON and in CSV has the same tag.
    """
    return f'W/"{validator}-{__version__}"'


def is_current(if_none_match: Sequence[str], tag: str) -> bool:
    """Whether an If-None-Match header names `tag`, or is "*"; compared weakly."""
    named = {one.strip().removeprefix("W/") for header in if_none_match for one in header.split(",")}
    return "*" in named or tag.removeprefix("W/") in named
