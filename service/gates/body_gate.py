"""Bodies are taken whole before anything is done with them, and only so many, so large and so fast as limits say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.gates.exchange import exchange_of
from service.gates.request_gate import refuse
from service.problems import BODY_TOO_SLOW, BUSY, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Kind
from service.settings import Limits

LEAST_BYTES = 64 << 10
"""What a body counts as at least: so much may lie in the buffers of its connection, however little is passed on."""


class _RefusedError(Exception):
    """The body is not taken."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _GoneError(Exception):
    """The client has gone away before its body was there."""


class Bodies:
    """The bytes of all bodies that came and were not answered yet; used on the event loop alone."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.count = 0
        self.bytes = 0

    @contextlib.contextmanager
    def room(self) -> Iterator[Room]:
        """Room for one body during the block."""
        room = Room(self)
        self.count += 1
        try:
            room.grow(LEAST_BYTES)
            yield room
        finally:
            self.count -= 1
            self.bytes -= room.bytes

    def take(self, more_bytes: int) -> None:
        """Count `more_bytes`, or raise where there are too many of all."""
        if self.bytes + more_bytes > self._most_bytes:
            raise _RefusedError(BUSY, "Too many bytes of other requests have not been answered yet. Ask again soon.")
        self.bytes += more_bytes


class Room:
    """What one body takes of all."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.bytes = 0

    def grow(self, to_bytes: int) -> None:
        """Take room for a body of `to_bytes`."""
        if to_bytes > self.bytes:
            self._bodies.take(to_bytes - self.bytes)
            self.bytes = to_bytes


_HEADERS = {BUSY: {"Retry-After": "1"}, UNSUPPORTED_MEDIA_TYPE: {"Accept-Encoding": "identity"}}


class BodyGate:
    """ASGI middleware: reads the body within the limits, then asks the application, which is given it in one piece.

    Where a length is declared that is too large nothing is read. So nothing waits for a slow sender but the sender.
    """

    def __init__(self, app: ASGIApp, limits: Limits, bodies: Bodies) -> None:
        self._app = app
        self._limits = limits
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        try:
            _refuse_compressed(Headers(scope=scope).getlist("content-encoding"))
            with self._bodies.room() as room:
                body = await self._read(scope, receive, room)
                await self._app(scope, _replayed(body, receive), send)
        except _GoneError:
            pass
        except _RefusedError as refused:
            await refuse(refused.kind, refused.detail, scope, receive, send, _HEADERS.get(refused.kind))

    async def _read(self, scope: Scope, receive: Receive, room: Room) -> list[bytes]:
        """The body, as a list of one."""
        exchange = exchange_of(scope)
        is_large = exchange.route is not None and exchange.route.takes_large_body
        most_bytes = self._limits.body_bytes if is_large else self._limits.small_body_bytes
        _refuse_declared(Headers(scope=scope).getlist("content-length"), most_bytes)
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for chunk in _chunks(receive):
                    body += chunk
                    exchange.received_bytes = len(body)
                    _refuse_large(len(body), most_bytes)
                    room.grow(len(body))
        except TimeoutError as error:
            raise _RefusedError(
                BODY_TOO_SLOW,
                f"{len(body):,} bytes of the body came within {self._limits.body_seconds:g} s, and not the rest. "
                "Send it faster, or in several requests.",
            ) from error
        return [bytes(body)]


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _GoneError
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _replayed(body: list[bytes], receive: Receive) -> Receive:
    """`receive` as if the body came in one piece; it is handed over, and not kept here."""

    async def receive_again() -> Message:
        if body:
            return {"type": "http.request", "body": body.pop(), "more_body": False}
        return await receive()

    return receive_again


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or any(one.strip() != "0" for one in headers.getlist("content-length"))


def _refuse_compressed(encodings: list[str]) -> None:
    given = ", ".join(encodings).strip()
    if given.lower() not in ("", "identity"):
        raise _RefusedError(
            UNSUPPORTED_MEDIA_TYPE,
            f"The body is encoded (Content-Encoding: {given!r}); compressed bodies are not taken. Send it as it is.",
        )


def _refuse_declared(lengths: list[str], most_bytes: int) -> None:
    for length in lengths:
        if length.isascii() and length.isdecimal():
            _refuse_large(int(length) if len(length) < 20 else most_bytes + 1, most_bytes)


def _refuse_large(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise _RefusedError(
            TOO_LARGE, f"The body is larger than {most_bytes:,} bytes, the most here. Ask in several requests."
        )
