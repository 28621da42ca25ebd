"""JSON bodies are looked at before the framework reads them: none that would stop the event loop, no field twice."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.bodies.json_bodies import is_json, once_each
from service.errors import BodyError
from service.gates.exchange import exchange_of
from service.problems import BAD_REQUEST, TOO_LARGE, Kind, problem

MOST_VALUES = 50_000
"""Of one body, nearly: commas and opening braces and brackets, those in texts included. Some 15 ms of work."""

MOST_FIELDS = 1_000
"""Of one object."""


class _TooManyError(Exception):
    """More than one body may hold."""


class JsonGate:
    """ASGI middleware, behind BodyGate: refuses what the framework should not read.

    Routes that take large bodies are left out: they read them themselves, away from the event loop.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _is_looked_at(scope):
            await self._app(scope, receive, send)
            return
        message = await receive()  # all of it: BodyGate hands it over in one piece
        refusal = _refusal(message.get("body", b""))
        if refusal is None:
            await self._app(scope, _replayed(message, receive), send)
        else:
            await problem(*refusal, scope["state"]["request_id"])(scope, receive, send)


def _is_looked_at(scope: Scope) -> bool:
    route = exchange_of(scope).route
    return route is not None and not route.takes_large_body and is_json(Headers(scope=scope).get("content-type", ""))


def _refusal(body: bytes) -> tuple[Kind, str] | None:
    """Why a body is not passed on; what is no JSON is left to the framework to say."""
    if sum(map(body.count, (b",", b"{", b"["))) > MOST_VALUES:
        return TOO_LARGE, f"The body holds more than {MOST_VALUES:,} values, the most here. Ask in several requests."
    try:
        json.loads(body, object_pairs_hook=_looked_at)
    except BodyError as error:
        return BAD_REQUEST, str(error)
    except _TooManyError:
        return TOO_LARGE, f"An object of the body has more than {MOST_FIELDS:,} fields, the most here. Leave some out."
    except (ValueError, RecursionError):
        pass
    return None


def _looked_at(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(fields) > MOST_FIELDS:
        raise _TooManyError
    return once_each(fields)


def _replayed(first: Message, receive: Receive) -> Receive:
    messages = [first]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
