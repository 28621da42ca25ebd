"""HEAD answers wherever GET does: the same rules, the same headers, and no body."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def asked_method(method: str) -> str:
    """The method whose rules hold, and whose route answers."""
    return "GET" if method == "HEAD" else method


async def answer_headers(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let `app` answer a GET, and send the headers alone; what would still be made of its body is not.

    HTTP/1.1 stands in the scope, as a long answer to an older client is made whole before its headers are.
    """
    with anyio.CancelScope() as making:
        asked = {**scope, "method": "GET", "http_version": "1.1"}
        await app(asked, receive, _without_body(send, making))


def _without_body(send: Send, making: anyio.CancelScope) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            making.cancel()

    return send_headers
