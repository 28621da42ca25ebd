"""What a plan asks of the world: requests, pauses, event streams; and what it hears back.

A plan is a generator that yields commands and is sent their replies. It neither opens a socket nor sleeps, so that one
plan serves the client that waits and the one that awaits.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Parameters: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is under the service's URL and quoted; `read_seconds` is the longest silence while reading.

    `is_repeatable` says that it does no more when it is sent twice, `is_removal` that afterwards there is nothing.
    """

    method: str
    path: str
    parameters: Parameters = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    is_repeatable: bool = True
    is_removal: bool = False
    read_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the names of its headers are in lower case. `content` is empty while a stream is open."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def media(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer, or not the whole of it: the connection failed, was cut, or was silent for too long."""

    reason: str
    is_silence: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """Send a request and read the whole answer: Response or Broken."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so long; the reply is None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Open:
    """Send a request and leave its answer open: Response or Broken. One that was open before is closed."""

    request: Request


@dataclass(frozen=True, slots=True)
class Read:
    """Read more of the open answer: bytes, None at its end, or Broken."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand one value to whoever iterates; the reply is None."""

    value: Any


Command: TypeAlias = Exchange | Wait | Open | Read | Emit
Plan: TypeAlias = Generator[Command, Any, T]


def exchange(request: Request) -> Plan[Response | Broken]:
    """Exchange, with a typed reply."""
    reply: Response | Broken = yield Exchange(request)
    return reply


def open_stream(request: Request) -> Plan[Response | Broken]:
    """Open, with a typed reply."""
    reply: Response | Broken = yield Open(request)
    return reply


def read_stream() -> Plan[bytes | Broken | None]:
    """Read, with a typed reply."""
    reply: bytes | Broken | None = yield Read()
    return reply
