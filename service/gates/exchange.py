"""One request and its answer, as the log and the metrics see them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import Scope

from service.route_table import Entry

UNMATCHED = "(none)"
"""The template of requests that no route answers: their paths could be anything, and as many as anybody likes."""

GONE = 499
"""The status that is noted where the client went away before it was answered."""


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far.

    `is_public`: no key is needed. `key` is the name of the key, `job` the id of the job that it is about,
    `traceparent` the header of that name.
    """

    request_id: str
    method: str
    route: Entry | None
    query: bytes = b""
    key: str | None = None
    job: str | None = None
    traceparent: str | None = None
    is_public: bool = False
    status: int | None = None
    received_bytes: int = 0
    sent_bytes: int = 0
    started: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0

    @property
    def template(self) -> str:
        """The route's template, never the path."""
        return UNMATCHED if self.route is None else self.route.template

    @property
    def query_hash(self) -> str:
        """Tells same questions from others, and not what was asked."""
        return hashlib.sha256(self.query).hexdigest()[:16]


@dataclass(slots=True)
class Traffic:
    """What is open now; kept by the envelope, on the event loop."""

    requests: int = 0
    streams: int = 0

    def begin(self, exchange: Exchange) -> None:
        """One more."""
        self.requests += 1
        self.streams += exchange.route is not None and exchange.route.is_stream

    def end(self, exchange: Exchange) -> None:
        """One less."""
        self.requests -= 1
        self.streams -= exchange.route is not None and exchange.route.is_stream


Observer = Callable[[Exchange], None]
"""Is told of every exchange when it is over."""


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the envelope began for this request."""
    exchange: Exchange = scope["state"]["exchange"]
    return exchange
