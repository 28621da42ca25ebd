"""Answers that are of no timeline: lists, pages and single things, in every form that Accept may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from exposure.encoding import Answers
from service.answering import etag, is_current
from service.openapi import Responses, forms, problems
from service.problems import NOT_ACCEPTABLE, Kind
from service.rendering import negotiate, render

Row = TypeVar("Row")


class Listing(BaseModel, Generic[Row]):
    """All of them."""

    answers: list[Row]


class Page(BaseModel, Generic[Row]):
    """Some of them, in order."""

    answers: list[Row]
    next: str | None = Field(default=None, description="Send it as `cursor` for the page after; absent on the last.")


def listed(request: Request, kind: type, rows: Sequence[Any], envelope: Mapping[str, str] | None = None) -> Response:
    """`rows` of the dataclass `kind`; JSON puts them into `envelope` as its answers."""
    return render(kind, rows, negotiate(request.headers.get("accept")), dict(envelope or {}), _HEADERS)


def paged(request: Request, kind: type, rows: Answers, following: str | None, validator: str) -> Response:
    """A page of what never changes and is named by `validator`; `following` is the cursor of the next one.

    The forms that have rows only find it in the Link header, as all do.
    """
    headers = {**_HEADERS, "ETag": etag(validator)}
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    if is_current(request.headers.getlist("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    envelope = {} if following is None else {"next": following}
    return render(kind, rows, negotiate(request.headers.get("accept")), envelope, headers)


def single(request: Request, kind: type, row: Any, location: str | None = None, is_new: bool = False) -> Response:
    """One thing, which JSON does not wrap; with 201 where it has just been made."""
    headers = _HEADERS | ({} if location is None else {"Location": location})
    answer = render(kind, [row], negotiate(request.headers.get("accept")), None, headers)
    answer.status_code = 201 if is_new else 200
    return answer


def lists(description: str, example: Any, *kinds: Kind, envelope: Mapping[str, str] | None = None) -> Responses:
    """The `responses` of a route that lists rows like `example`."""
    content = forms({**(envelope or {}), "answers": [asdict(example)]})
    return {200: {"description": description, "content": content}, **problems(NOT_ACCEPTABLE, *kinds)}


def pages(description: str, example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route that gives pages of what never changes."""
    found = lists(description, example, *kinds, envelope={"next": "eyJhdCI6IDF9"})
    found[200]["headers"] = {
        "ETag": {"description": "Send it as If-None-Match to be told that nothing has changed.", "schema": _TEXT}
    }
    found[304] = {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."}
    return found


def gives_one(description: str, example: Any, *kinds: Kind, is_made: bool = False) -> Responses:
    """The `responses` of a route that gives one thing; with 201 too where it makes it."""
    shown = {"description": description, "content": forms(asdict(example))}
    made = {"description": "It is there now.", "model": type(example), "content": forms(asdict(example))}
    if is_made:
        shown = {**shown, "description": "It was there already."}
        for one in (shown, made):
            one["headers"] = {"Location": {"description": "Where it is found from now on.", "schema": _TEXT}}
    return {200: shown, **({201: made} if is_made else {}), **problems(NOT_ACCEPTABLE, *kinds)}


_HEADERS = {"Vary": "Accept", "Cache-Control": "private, no-cache"}
_TEXT = {"type": "string"}
