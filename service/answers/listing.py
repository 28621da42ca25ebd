"""Answers that are of no timeline: lists, pages and single things, in every form that Accept may ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from exposure.encoding import Answers
from service.answers.rendering import negotiate, render
from service.answers.revalidation import HEADERS, content_validator, etag, unchanged
from service.problems import NOT_ACCEPTABLE, Kind
from service.reference.openapi import Responses, forms, problems

Row = TypeVar("Row")


class Listing(BaseModel, Generic[Row]):
    """All of them."""

    answers: list[Row]


class Page(BaseModel, Generic[Row]):
    """Some of them, in order."""

    answers: list[Row]
    next: str | None = Field(default=None, description="Send it as `cursor` for the page after; absent on the last.")


PageRows = tuple[Answers, str | None]
"""Rows or batches, and the cursor of the next page."""


def listed(request: Request, kind: type, rows: Sequence[Any]) -> Response:
    """All rows, of the dataclass `kind`."""
    return paged(request, kind, rows, None)


def paged(request: Request, kind: type, rows: Sequence[Any], following: str | None) -> Response:
    """A page of few rows, named by what they say; `following` is the cursor of the next one."""
    validator = content_validator(kind, rows, _envelope(following))
    return paged_when_changed(request, kind, validator, lambda: (rows, following))


def paged_when_changed(request: Request, kind: type, validator: str, make: Callable[[], PageRows]) -> Response:
    """The page that `make` gives, named by `validator`; it is not asked where the client has what that names.

    The forms that have rows only find the cursor of the next page in the Link header, as all do.
    """
    media = negotiate(request.headers.get("accept"))  # before anything is made that cannot be written
    headers = {**HEADERS, "ETag": etag(validator)}
    if found := unchanged(request, headers):
        return found
    rows, following = make()
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return render(kind, rows, media, _envelope(following), headers)


def single(request: Request, kind: type, row: Any, validator: str | None = None) -> Response:
    """One thing, which JSON does not wrap, named by `validator`, or by what it says."""
    media = negotiate(request.headers.get("accept"))
    headers = {**HEADERS, "ETag": etag(validator or content_validator(kind, [row], None))}
    return unchanged(request, headers) or render(kind, [row], media, None, headers)


def made(request: Request, kind: type, row: Any, location: str, is_new: bool) -> Response:
    """One thing that was sent: with 201 where it has just been made, 200 where it was there."""
    answer = render(kind, [row], negotiate(request.headers.get("accept")), None, {**HEADERS, "Location": location})
    answer.status_code = 201 if is_new else 200
    return answer


def _envelope(following: str | None) -> dict[str, str]:
    return {} if following is None else {"next": following}


def lists(
    description: str, example: Any, *kinds: Kind, others: Sequence[Any] = (), following: str | None = None
) -> Responses:
    """The `responses` of a route that lists rows like `example` and `others`; in pages, with a cursor `following`."""
    content = forms({**_envelope(following), "answers": [asdict(one) for one in (example, *others)]})
    return {**_revalidated(description, content), **problems(NOT_ACCEPTABLE, *kinds)}


def pages(description: str, example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route that gives pages of rows like `example`."""
    return lists(description, example, *kinds, following="eyJhdCI6IDF9")


def gives_one(description: str, example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route that gives one thing."""
    return {**_revalidated(description, forms(asdict(example))), **problems(NOT_ACCEPTABLE, *kinds)}


def makes_one(example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route that makes one thing where it is not there yet."""
    headers = {"Location": {"description": "Where it is found from now on.", "schema": _TEXT}}
    content = forms(asdict(example))
    there = {"description": "It was there already.", "content": content, "headers": headers}
    new = {"description": "It is there now.", "model": type(example), "content": content, "headers": headers}
    return {200: there, 201: new, **problems(NOT_ACCEPTABLE, *kinds)}


def _revalidated(description: str, content: dict[str, Any]) -> Responses:
    tag = {"description": "Send it as If-None-Match to be told that nothing has changed.", "schema": _TEXT}
    return {
        200: {"description": description, "content": content, "headers": {"ETag": tag}},
        304: {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."},
    }


_TEXT = {"type": "string"}
