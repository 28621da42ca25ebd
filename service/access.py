"""Who may do what: every route names the scope that it needs, or stands on the public list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import Request

Scope = Literal["read", "index", "evaluate", "worker", "admin"]


def needs(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """A dependency for routes that only keys with `scope` (or admin) may use; everybody, where there are no keys."""

    async def refuse_others(request: Request) -> None:
        del request

    refuse_others.scope = scope  # type: ignore[attr-defined]
    return refuse_others
