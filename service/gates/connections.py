"""Connections: HTTP as uvicorn speaks it, with time-outs for those who are slow and problems for what is no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.problems import BAD_REQUEST, CROWDED, HEADERS_TOO_LARGE, PROBLEM_JSON, Kind
from service.settings import Limits

LINGER_SECONDS = 2.0
"""How long a client that is still sending may take to read that it was refused. Closed at once, its side would throw
the answer away."""


class _Lingering:
    """A transport, but for its end: `close` is left to the connection."""

    def __init__(self, transport: asyncio.Transport, connection: Connection) -> None:
        self._transport = transport
        self._connection = connection

    def close(self) -> None:
        """End, as the connection does."""
        self._connection.end()

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._connection.is_lingering or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        """Everything else."""
        return getattr(self._transport, name)


class Connection(H11Protocol):
    """One connection. A server makes it through `connection_kind`, which gives it its limits."""

    limits = Limits()
    _header_timer: asyncio.TimerHandle | None = None
    _reader_timer: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    is_lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; one connection too many is told so, and closed."""
        self._socket = transport
        super().connection_made(_Lingering(transport, self))  # type: ignore[arg-type]
        if len(self.connections) > self.limits.connections:
            self._refuse(CROWDED, "There are too many connections. Ask again soon.")
            return
        self._await_header()

    def data_received(self, data: bytes) -> None:
        """Take what came; what is no HTTP ends the connection and nothing else."""
        if self.is_lingering:
            return
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            # h11 answers nothing more on a connection that has broken off in the middle of an answer.
            self.transport.abort()
        self._await_header()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._await_header()

    def eof_received(self) -> None:
        """The other side has sent all that it wanted to."""
        if self.is_lingering:
            self._socket.close()

    def end(self) -> None:
        """Close; where the request has not come whole, say that no more is sent, and drop the rest for a while."""
        is_whole = self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)
        if self.is_lingering or is_whole or self._socket.is_closing():
            self._socket.close()
            return
        self.is_lingering = True
        self._stop_timers()
        self.flow.resume_reading()
        with contextlib.suppress(OSError):  # it may have gone meanwhile
            self._socket.write_eof()
        self._header_timer = self.loop.call_later(LINGER_SECONDS, self._socket.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_timers()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and headers of which there is no end."""
        most = self.limits.header_bytes
        if len(self.conn.trailing_data[0]) > most:
            self._refuse(HEADERS_TOO_LARGE, f"They are larger than {most:,} bytes. Send large questions as a body.")
        else:
            self._refuse(BAD_REQUEST, f"{msg} Send HTTP/1.1.")

    def pause_writing(self) -> None:
        """The reader is behind: from now on it must take something within the time."""
        super().pause_writing()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._await_reader()

    def resume_writing(self) -> None:
        """The reader has caught up."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def _await_header(self) -> None:
        """Give a request that has begun, or the first one, its time to arrive; however many bytes come meanwhile."""
        if self.is_lingering:
            return
        is_due = self.conn.their_state is h11.IDLE and (self.cycle is None or bool(self.conn.trailing_data[0]))
        if not is_due and self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
        elif is_due and self._header_timer is None:
            self._header_timer = self.loop.call_later(self.limits.header_seconds, self._close_silently)

    def _await_reader(self) -> None:
        self._reader_timer = self.loop.call_later(self.limits.unread_seconds, self._look_at_reader)

    def _look_at_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= self._unread_bytes:
            self.transport.abort()
            return
        self._unread_bytes = left
        self._await_reader()

    def _close_silently(self) -> None:
        self._header_timer = None
        self._socket.close()

    def _stop_timers(self) -> None:
        for timer in (self._header_timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
        self._header_timer = self._reader_timer = None

    def _refuse(self, kind: Kind, detail: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        request_id = uuid.uuid4().hex
        body = json.dumps({"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail,
                           "request_id": request_id}).encode("ascii")  # fmt: skip
        headers = {"Content-Type": PROBLEM_JSON, "Content-Length": str(len(body)), "Connection": "close",
                   "X-Request-ID": request_id, "X-Content-Type-Options": "nosniff"}  # fmt: skip
        if kind is CROWDED:
            headers["Retry-After"] = "1"
        for event in (
            h11.Response(status_code=kind.status, headers=list(headers.items())),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def connection_kind(limits: Limits) -> type[Connection]:
    """Connections with these limits, for uvicorn, which makes them itself."""
    members: dict[str, Any] = {"limits": limits, "__doc__": Connection.__doc__}
    return type("LimitedConnection", (Connection,), members)
