"""An answer that is made while it is sent: in threads, never on the event loop, no faster than its client reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence

import anyio
from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.threads import in_threads

PART_BYTES = 1 << 19
"""About how much is made in one go, and sent before more is made."""

SEND_BYTES = 1 << 18
"""Handed to the socket at once: copying more would keep the event loop from others."""


class PartsResponse(Response):
    """`begun`, then what `parts` gives. `parts` is closed at the end, also when the client goes before.

    An error in `parts` goes on to the server, which cuts the connection: no client takes what came for the whole.
    """

    def __init__(self, begun: Sequence[bytes], parts: Generator[bytes, None, None], headers: Mapping[str, str]) -> None:
        super().__init__(headers=dict(headers))
        del self.headers["content-length"]
        self._begun = b"".join(begun)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; a client too old to see where it ends gets it whole, with its length."""
        leaving = asyncio.ensure_future(_leaves(receive))
        try:
            if scope.get("http_version") == "1.0":
                whole = self._begun + await in_threads("encoding", lambda: b"".join(self._parts))
                await Response(whole, self.status_code, dict(self.headers))(scope, receive, send)
            else:
                await self._send_parts(send, leaving)
        finally:
            leaving.cancel()
            with anyio.CancelScope(shield=True):
                await run_sync(self._parts.close)

    async def _send_parts(self, send: Send, leaving: asyncio.Future[None]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        part = self._begun
        while part and not leaving.done():
            for start in range(0, len(part), SEND_BYTES):
                piece = part[start : start + SEND_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            part = await in_threads("encoding", self._next)
        if not part:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _next(self) -> bytes:
        """About PART_BYTES more; empty at the end."""
        made: list[bytes] = []
        size = 0
        for part in self._parts:
            made.append(part)
            size += len(part)
            if size >= PART_BYTES:
                break
        return made[0] if len(made) == 1 else b"".join(made)


async def _leaves(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
