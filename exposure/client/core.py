"""What all plans of one client share: the retries, and how a request is made and its answer read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from exposure.client.arrow_wire import ARROW, table_of
from exposure.client.decoding import reader_of
from exposure.client.exchanges import Parameters, Plan, Request, Response
from exposure.client.problems import Conflict, UnexpectedAnswer
from exposure.client.retries import Retries, answered
from exposure.client.table import Table, joined
from exposure.errors import UsageError

T = TypeVar("T")

JSON = "application/json"
TABLES = f"{ARROW}, {JSON};q=0.5"
"""What is accepted where rows are wanted."""
BEGINNINGS = 5
"""How often something is read from its beginning because it changed meanwhile."""
PAGE_ROWS = 10_000
"""The most that one page holds."""


@dataclass
class Core:
    """How one client asks. `phrases` is the most that one look-up asks for: it shrinks where the service takes less."""

    url: str
    retries: Retries = field(default_factory=Retries)
    stream_seconds: float = 60.0
    """The longest silence in a stream of events, in which the service says every 15 seconds that it is there."""
    clock: Callable[[], float] = time.monotonic
    phrases: int = 100_000

    def send(self, request: Request) -> Plan[Response]:
        """The answer to `request`; raises as `retries.answered` does."""
        return answered(request, self.retries, self.url)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Plan[Any]:
        """The JSON at `path`."""
        reply = yield from self.send(Request("GET", path, parameters_of(parameters), {"Accept": JSON}))
        return json_of(reply)

    def get_one(self, kind: type[T], path: str) -> Plan[T]:
        """The JSON at `path`, as the dataclass `kind`."""
        fields = yield from self.get(path)
        return reader_of(kind)(fields)

    def get_table(self, kind: type[T], path: str, parameters: Mapping[str, Any] | None = None) -> Plan[Table[T]]:
        """All rows at `path`, of as many pages as there are and all of one state; in Arrow, if the service has it.

        Raises UnexpectedAnswer where the state changes again and again while it is read.
        """
        asked = parameters_of(parameters)
        for _ in range(BEGINNINGS):
            tables = yield from self._pages(kind, path, asked)
            if tables is not None:
                return joined(tables)
        raise UnexpectedAnswer(
            f"What is at {path} changed {BEGINNINGS} times while its pages were read. Ask again later."
        )

    def _pages(self, kind: type[T], path: str, asked: Parameters) -> Plan[list[Table[T]] | None]:
        """Every page; None once the service says that a page is of another state than those before."""
        tables: list[Table[T]] = []
        cursor: str | None = None
        while cursor is not None or not tables:
            more = () if cursor is None else (("cursor", cursor),)
            try:
                table, cursor = yield from self._page(kind, Request("GET", path, (*asked, *more), {"Accept": TABLES}))
            except Conflict:
                if not tables:
                    raise
                return None
            tables.append(table)
        return tables

    def table(self, kind: type[T], request: Request) -> Plan[Table[T]]:
        """The rows that answer `request`."""
        return (yield from self._page(kind, request))[0]

    def _page(self, kind: type[T], request: Request) -> Plan[tuple[Table[T], str | None]]:
        """The rows that answer `request`, and the cursor of the page after them."""
        reply = yield from self.send(request)
        generation = reply.headers.get("exposure-generation")
        following = cursor_in(reply.headers.get("link", ""))
        if reply.media == ARROW:
            return Table(kind, table_of(reply.content), generation=generation), following
        return Table(kind, rows=rows_of(kind, json_of(reply)), generation=generation), following

    def post(self, kind: type[T], path: str, body: object, headers: Mapping[str, str] | None = None) -> Plan[T]:
        """The dataclass `kind` that answers a JSON body, one that does no more when it is sent twice."""
        reply = yield from self.send(json_request(path, body, {"Accept": JSON, **(headers or {})}))
        return reader_of(kind)(json_of(reply))

    def remove(self, path: str) -> Plan[None]:
        """Remove what is at `path`."""
        yield from self.send(Request("DELETE", path, (), {"Accept": JSON}, is_removal=True))

    def delete_for(self, kind: type[T], path: str) -> Plan[T]:
        """The dataclass `kind` that answers a DELETE of `path`."""
        reply = yield from self.send(Request("DELETE", path, (), {"Accept": JSON}))
        return reader_of(kind)(json_of(reply))


def json_request(path: str, body: object, headers: Mapping[str, str]) -> Request:
    """POST of a JSON body."""
    return Request("POST", path, (), {"Content-Type": JSON, **headers}, json.dumps(body).encode("ascii"))


def path_of(*parts: str | int) -> str:
    """The path of a thing: names are quoted, so that none leads elsewhere; raises UsageError for what is no name."""
    for part in parts:
        if part in ("", ".", ".."):
            raise UsageError(f"{part!r} is no name. Give that of a thing of the service.")
    return "/v1/" + "/".join(quote(str(part), safe="") for part in parts)


def parameters_of(values: Mapping[str, Any] | None) -> Parameters:
    """Query parameters: None is left out; what holds several values stands once for each of them."""
    return tuple(
        (name, _text(one)) for name, value in (values or {}).items() for one in _each(value) if one is not None
    )


def _each(value: Any) -> Iterable[Any]:
    return (value,) if value is None or isinstance(value, str | int) else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def cursor_in(link: str) -> str | None:
    """The cursor of the next page, from a Link header: nothing else is taken from it, so that it leads nowhere else."""
    address, _, kind = link.partition(">")
    if 'rel="next"' not in kind:
        return None
    return parse_qs(urlsplit(address.removeprefix("<")).query).get("cursor", [None])[0]


def json_of(reply: Response) -> Any:
    """The JSON of an answer; raises UnexpectedAnswer where it is none."""
    try:
        return json.loads(reply.content)
    except ValueError as error:
        raise UnexpectedAnswer(
            f"The answer should be JSON and is {reply.media or 'of no media type'} ({error}). Check that the URL is "
            "the service's own."
        ) from error


def rows_of(kind: type[T], envelope: Any) -> list[T]:
    """The "answers" of an envelope; raises UnexpectedAnswer where there are none."""
    if not isinstance(envelope, dict) or not isinstance(envelope.get("answers"), list):
        raise UnexpectedAnswer('The answer has no list "answers": client and service are of different versions.')
    read = reader_of(kind)
    return [read(row) for row in envelope["answers"]]
