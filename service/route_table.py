"""Every route in one table: its template, and what a caller must be allowed to do; for gates, log and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, compile_path

from service.errors import ServiceError
from service.gates.head_answers import asked_method
from service.keys.access import Scope

PUBLIC = frozenset({("GET", "/v1/health"), ("GET", "/problems/{slug}"), ("GET", "/static")})
"""All that is answered without a key: whether the service is live, where problems lead, style sheets."""

SCOPE_OF_PAGE: dict[str, Scope] = {"/openapi.json": "read"}
"""Routes that the framework adds, and which therefore cannot say what they need."""

LARGE_BODIES = frozenset(
    {
        ("POST", "/v1/timelines/{timeline}/first-seen"),
        ("POST", "/v1/pair-sets"),
        ("POST", "/v1/phrase-sets"),
    }
)
"""Routes that take bodies up to `limits.body_bytes`, which they read themselves, away from the event loop.

All others take bodies up to `limits.small_body_bytes`, which the framework reads once service/gates/json_gate.py let
them pass.
"""

UNCOUNTED = frozenset({("GET", "/v1/health"), ("GET", "/metrics")})
"""Routes that are answered however many questions are being worked on, beside those of workers and event streams."""

STREAM_ENDING = "/events"


@dataclass(frozen=True, slots=True)
class Entry:
    """One method of one route. `scopes` is all that a caller needs."""

    method: str
    template: str
    scopes: frozenset[Scope]

    @property
    def is_public(self) -> bool:
        """Whether it is answered without a key."""
        return (self.method, self.template) in PUBLIC

    @property
    def is_stream(self) -> bool:
        """Whether it stays open and sends events; those have a limit of their own."""
        return self.template.endswith(STREAM_ENDING)

    @property
    def is_counted(self) -> bool:
        """Whether it is one of the questions that may be worked on at once: workers must always be heard."""
        return not (self.is_stream or "worker" in self.scopes or (self.method, self.template) in UNCOUNTED)

    @property
    def takes_large_body(self) -> bool:
        """Whether its body may be as large as any."""
        return (self.method, self.template) in LARGE_BODIES


class RouteTable:
    """The routes of an application, as its router tries them: in order, the first that fits answers."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        """Raises ServiceError for a route that is neither public nor needs a scope."""
        self._entries = [(pattern, entry) for pattern, entries in _entries(routes) for entry in entries]
        for _, entry in self._entries:
            if not entry.is_public and not entry.scopes:
                raise ServiceError(
                    f"{entry.method} {entry.template} says nothing of who may ask it. Give it Depends(needs(scope)), "
                    "or put it on the list PUBLIC of service/route_table.py."
                )

    def __iter__(self) -> Iterator[Entry]:
        return iter([entry for _, entry in self._entries])

    def find(self, method: str, path: str) -> Entry | None:
        """What answers `method` at `path`, HEAD as GET; None where nothing does."""
        asked = asked_method(method)
        return next((entry for pattern, entry in self._entries if entry.method == asked and pattern.match(path)), None)

    def is_public(self, method: str, path: str) -> bool:
        """Whether a request is answered without a key: also one with a method that a public place does not answer."""
        found = self.find(method, path)
        if found is not None:
            return found.is_public
        return any(entry.is_public and pattern.match(path) for pattern, entry in self._entries)


def _entries(routes: Iterable[BaseRoute]) -> Iterator[tuple[re.Pattern[str], list[Entry]]]:
    for route in iter_route_contexts(list(routes)):
        template = str(route.path)
        if isinstance(route.original_route, Mount):
            yield re.compile(f"^{re.escape(template)}/"), [Entry("GET", template, frozenset())]
            continue
        scopes = frozenset(_scopes(getattr(route, "dependant", None)))
        if template in SCOPE_OF_PAGE:
            scopes |= {SCOPE_OF_PAGE[template]}
        yield compile_path(template)[0], [Entry(method, template, scopes) for method in _methods(route.methods)]


def _methods(known: Iterable[str] | None) -> list[str]:
    return sorted(set(map(asked_method, known or ())))


def _scopes(dependant: Any) -> Iterator[Scope]:
    """The scopes that a route's dependencies name, those of its routers included."""
    for one in getattr(dependant, "dependencies", ()):
        if hasattr(one.call, "scope"):
            yield one.call.scope
        yield from _scopes(one)
