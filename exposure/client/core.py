"""What all plans of one client share: the retries, and how a request is made and its answer read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from exposure.client.decoding import reader_of
from exposure.client.exchanges import Plan, Request, Response
from exposure.client.problems import UnexpectedAnswer
from exposure.client.retries import Retries, answered

T = TypeVar("T")

JSON = "application/json"


@dataclass
class Core:
    """How one client asks. `phrases` is the most that one look-up asks for: it shrinks where the service takes less."""

    url: str
    seconds: float
    retries: Retries = field(default_factory=Retries)
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

    def get_list(self, kind: type[T], path: str) -> Plan[list[T]]:
        """The "answers" at `path`, each as the dataclass `kind`."""
        envelope = yield from self.get(path)
        return rows_of(kind, envelope)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Plan[Response]:
        """The answer to a JSON body that does no more when it is sent twice."""
        content = json.dumps(body).encode("ascii")
        return self.send(Request("POST", path, (), {"Accept": JSON, "Content-Type": JSON, **(headers or {})}, content))

    def delete(self, path: str) -> Plan[Response]:
        """Remove what is at `path`."""
        return self.send(Request("DELETE", path, (), {"Accept": JSON}))


def path_of(*parts: str | int) -> str:
    """The path of a thing: names are quoted, so that none leads elsewhere."""
    return "/v1/" + "/".join(quote(str(part), safe="") for part in parts)


def parameters_of(values: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Query parameters: None is left out, a list stands once for each of its values."""
    found: list[tuple[str, str]] = []
    for name, value in (values or {}).items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                found.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return tuple(found)


def json_of(reply: Response) -> Any:
    """The JSON of an answer; raises UnexpectedAnswer where it is none."""
    try:
        return json.loads(reply.content)
    except ValueError as error:
        raise UnexpectedAnswer(
            f"The answer should be JSON and is {reply.media or 'of no media type'} ({error}). Check that the URL is the "
            "service's own."
        ) from error


def rows_of(kind: type[T], envelope: Any) -> list[T]:
    """The "answers" of an envelope; raises UnexpectedAnswer where there are none."""
    if not isinstance(envelope, dict) or not isinstance(envelope.get("answers"), list):
        raise UnexpectedAnswer('The answer has no list "answers": client and service are of different versions.')
    read = reader_of(kind)
    return [read(row) for row in envelope["answers"]]
