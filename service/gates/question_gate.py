"""How many questions are worked on at once; what is above that is told to come back."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.gates.exchange import exchange_of
from service.gates.request_gate import refuse
from service.problems import BUSY

SLICE_BYTES = 256 << 10
"""Answers are handed on in pieces of so many bytes, each when the reader has taken the one before."""


class Questions:
    """Those that are being worked on; used on the event loop alone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0


class QuestionGate:
    """ASGI middleware: answers 429 while `questions.most` others are worked on.

    A question is over when its answer was taken: as many answers are held in memory for slow readers, and no more.
    """

    def __init__(self, app: ASGIApp, questions: Questions) -> None:
        self._app = app
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = exchange_of(scope).route
        if route is not None and not route.is_counted:
            await self._app(scope, receive, send)
            return
        if self._questions.count >= self._questions.most:
            detail = f"{self._questions.most} questions are being worked on. Ask again soon."
            await refuse(BUSY, detail, scope, receive, send, {"Retry-After": "1"})
            return
        self._questions.count += 1
        try:
            await self._app(scope, receive, _sliced(send))
        finally:
            self._questions.count -= 1


def _sliced(send: Send) -> Send:
    async def send_slices(message: Message) -> None:
        body = message.get("body", b"")
        if len(body) <= SLICE_BYTES:
            await send(message)
            return
        view = memoryview(body)
        for start in range(0, len(body), SLICE_BYTES):
            is_last = start + SLICE_BYTES >= len(body)
            more = message.get("more_body", False) if is_last else True
            await send({**message, "body": bytes(view[start : start + SLICE_BYTES]), "more_body": more})

    return send_slices
