"""What goes around every answer: its request id, an order to browsers not to guess what it is, and a note of it."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.gates.exchange import GONE, Exchange, Observer, Traffic
from service.gates.head_answers import answer_headers
from service.problems import STOPPING, internal_error, log_failure, problem
from service.route_table import RouteTable

_USABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_JOB = re.compile(r"/v1/(?:worker/)?jobs/([A-Za-z0-9-]{1,64})(?:/|$)")


class Envelope:
    """ASGI middleware: gives each request an id and an Exchange, and tells `observers` of it when it is over.

    It takes over the X-Request-ID that was sent when that is harmless in logs. A defect is logged with its traceback
    and answered as a problem; where the answer has begun already, the connection is closed. A HEAD goes in as a GET.
    """

    def __init__(self, app: ASGIApp, table: RouteTable, traffic: Traffic, observers: Sequence[Observer]) -> None:
        self._app = app
        self._table = table
        self._traffic = traffic
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = self._begin(scope)
        self._traffic.begin(exchange)
        try:
            await self._answer(exchange, scope, receive, _enveloped(exchange, send))
        finally:
            self._traffic.end(exchange)
            exchange.seconds = time.perf_counter() - exchange.started
            exchange.status = exchange.status or GONE
            for observe in self._observers:
                observe(exchange)

    def _begin(self, scope: Scope) -> Exchange:
        path, headers = scope["path"], Headers(scope=scope)
        exchange = Exchange(
            request_id=_request_id(headers.get("x-request-id", "")),
            method=scope["method"] if scope["method"] in _METHODS else "(other)",
            route=self._table.find(scope["method"], path),
            is_public=self._table.is_public(scope["method"], path),
            query=scope["query_string"],
            job=_job_in(path),
            traceparent=headers.get("traceparent"),
        )
        scope.setdefault("state", {}).update(request_id=exchange.request_id, exchange=exchange)
        return exchange

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _asked(self._app, scope, receive, send)
        except asyncio.CancelledError:
            # The service has waited long enough for its end. Where nothing was sent yet, the client is told.
            detail = "The service was stopped before this was answered. Ask again when it is back."
            answer = problem(STOPPING, detail, exchange.request_id, {"Retry-After": "5", "Connection": "close"})
        except Exception as error:
            log_failure(exchange.request_id, error)
            answer = internal_error(exchange.request_id)
        else:
            return
        if exchange.status is None:
            await _asked(answer, scope, receive, send)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


async def _asked(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] == "HEAD":
        await answer_headers(app, scope, receive, send)
    else:
        await app(scope, receive, send)


def _enveloped(exchange: Exchange, send: Send) -> Send:
    async def send_in_envelope(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = exchange.request_id
            headers["X-Content-Type-Options"] = "nosniff"
            exchange.job = exchange.job or _job_in(headers.get("location", ""))
        else:
            exchange.sent_bytes += len(message.get("body", b""))
        await send(message)

    return send_in_envelope


def _job_in(path: str) -> str | None:
    """The id of the job that a path names, as far as it may be one."""
    found = _JOB.match(path)
    return found[1] if found else None


def _request_id(given: str) -> str:
    return given if _USABLE_ID.fullmatch(given) else uuid.uuid4().hex
