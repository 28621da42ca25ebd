"""From an open generation to an answer: unchanged, or asked for now and rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from exposure.encoding import Answers
from service.answers.rendering import negotiate, render
from service.answers.revalidation import HEADERS, etag, unchanged
from service.generations import OpenGeneration

GENERATION_HEADER = "Exposure-Generation"


def answer(
    request: Request,
    opened: OpenGeneration,
    kind: type,
    ask: Callable[[], Answers],
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
    ask: Callable[[], Answers],
    validator: str,
    envelope: Mapping[str, str] | None,
    confirm: Callable[[], None] | None,
) -> Response:
    headers = {GENERATION_HEADER: opened.digest, **HEADERS}
    if request.method == "GET":
        headers["ETag"] = etag(validator)
        if found := unchanged(request, headers):
            if confirm is not None:
                confirm()
            return found
    media = negotiate(request.headers.get("accept"))
    return render(kind, ask(), media, envelope, headers)
