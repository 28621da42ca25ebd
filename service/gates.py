"""What is refused before a route is looked for: foreign host names, and bodies that are too large."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import TOO_LARGE, UNKNOWN_HOST, Kind, problem


class HostGate:
    """ASGI middleware: answers only where the Host header is one of `hosts`."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            host = host_name(Headers(scope=scope).get("host", ""))
            if host not in self._hosts:
                known = " or ".join(sorted(self._hosts))
                detail = f"The Host header names {host!r}. Ask under {known}, or serve with --allow-host."
                await _refuse(UNKNOWN_HOST, detail, scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyGate:
    """ASGI middleware: refuses bodies above `max_bytes`, by Content-Length or else as the bytes arrive."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._detail = f"The body is larger than {max_bytes:,} bytes. Ask in several requests."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            await _refuse(TOO_LARGE, self._detail, scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        arrived = 0

        async def receive_counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._max_bytes:
                raise HTTPException(TOO_LARGE.status, self._detail, {"Connection": "close"})
            return message

        return receive_counted


def host_name(header: str) -> str:
    """The name or address in a Host header, without its port and brackets, in lower case."""
    name, bracket, _ = header.partition("]")
    return (name.removeprefix("[") if bracket else header.partition(":")[0]).lower()


async def _refuse(kind: Kind, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    # The rest of the body is not read, so the connection cannot be used again.
    answer = problem(kind, detail, scope["state"]["request_id"], {"Connection": "close"})
    await answer(scope, receive, send)
