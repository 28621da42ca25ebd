"""Query strings that are no text are refused: read somehow, they would ask for something that nobody meant."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from service.problems import INVALID_REQUEST, problem


class QueryGate:
    """ASGI middleware, behind BodyGate: refuses what stands behind the ? of an address where it is not UTF-8.

    It comes percent-encoded, and so as ASCII; the framework would put other characters for what is not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = reason(scope["query_string"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        detail = f"query: {found}. Send text in UTF-8, each byte that is not ASCII percent-encoded (é is %C3%A9)."
        await problem(INVALID_REQUEST, detail, scope["state"]["request_id"])(scope, receive, send)


def reason(query: bytes) -> str | None:
    """Why a query string is no text; None where it is one."""
    try:
        query.decode("ascii")
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError as error:
        place, what = error.start, "ASCII" if error.encoding == "ascii" else "UTF-8 when decoded"
        return f"The byte 0x{error.object[place]:02x} at {place} is not {what}"
    return None
