"""Who may do what: every route names the scope that it needs, or stands on the public list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, get_args

from fastapi import Request

from service.errors import ScopeError

Scope = Literal["read", "index", "evaluate", "worker", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

IMPLIED: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "index": frozenset({"index", "read"}),
    "evaluate": frozenset({"evaluate", "read"}),
    "worker": frozenset({"worker"}),
    "admin": frozenset(SCOPES),
}
"""What each scope allows: who may start a job may also see what became of it; a worker only works."""


EMBEDDED_WORKERS = "(workers of this service)"
"""What the key of the workers that the service starts itself is called; no key in a file can be called that."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name of the key (None: nobody in particular, where there are no keys), and what it allows."""

    name: str | None
    allowed: frozenset[Scope]

    @property
    def is_embedded(self) -> bool:
        """Whether it is a worker that this service started, so that it ends with it."""
        return self.name == EMBEDDED_WORKERS


EVERYBODY = Caller(None, frozenset(SCOPES) - {"worker"})
"""Whoever asks a service without keys, which listens on its own machine only; work is for its own workers."""


def allowed_by(scopes: tuple[Scope, ...]) -> frozenset[Scope]:
    """All that a key with these scopes may do."""
    return frozenset().union(*(IMPLIED[scope] for scope in scopes))


def needs(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """A dependency for routes that only keys with `scope` (or admin) may use; everybody, where there are no keys.

    The gate has looked at the key before (service/gates/key_gate.py); this is what it finds a route's scope by, and a
    second lock. Raises ScopeError.
    """

    async def refuse_others(request: Request) -> None:
        refuse_without(scope, request.state.caller)

    refuse_others.scope = scope  # type: ignore[attr-defined]
    return refuse_others


def refuse_without(scope: Scope, caller: Caller) -> None:
    """Raise ScopeError where `caller` may not do what needs `scope`."""
    if scope in caller.allowed:
        return
    if caller.name is None:
        raise ScopeError(
            "Only the workers that this service starts itself may do this, as it has no keys. Serve with --keys, and "
            "send a key with scope worker."
        )
    raise ScopeError(
        f"The key {caller.name!r} has no scope {scope}. Send one that has it; an operator makes one with: "
        f"exposure keys add --scope {scope}."
    )
