"""Events of a job as they are sent: server-sent events that follow it, or NDJSON of what there is now."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from exposure.api.jobs import JobEvent
from exposure.encoding import NDJSON
from service.jobs.desk import Desk
from service.jobs.events import EventPage

EVENT_STREAM = "text/event-stream"
COMMENT_SECONDS = 15.0
"""After so long without an event a comment is sent, so that nobody between takes the connection for dead."""

EVENTS_AT_ONCE = 100

_RETRY = b"retry: 2000\n\n"
_COMMENT = b": still here\n\n"


class EventStream(StreamingResponse):
    """An answer that counts as an open stream of `desk` from when it is made until it was sent, or nobody reads it."""

    def __init__(self, desk: Desk, content: AsyncIterator[bytes], media_type: str) -> None:
        desk.open_stream()
        self._desk = desk
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Type": media_type}
        super().__init__(content, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._desk.close_stream()


def followed(desk: Desk, job: str, after: int) -> EventStream:
    """The events after `after` as they come, until that of a final state; raises BusyError for too many streams."""
    return EventStream(desk, _follow(desk, job, after), EVENT_STREAM)


async def present(desk: Desk, job: str, after: int) -> EventStream:
    """The events after `after` that there are, one a line; raises BusyError for too many streams.

    The first are read before anything is sent. Raises JobStoreError where they cannot be, NotFoundError.
    """
    return EventStream(desk, _present(desk, job, await _read(desk, job, after)), NDJSON)


async def _follow(desk: Desk, job: str, after: int) -> AsyncIterator[bytes]:
    """Holds the last event's id, and while its reader is slow the bytes that it has not taken yet: some 100 kB.

    An error in reading goes on to the server, which cuts the connection: no reader takes what came for the whole.
    """
    yield _RETRY
    with desk.store.notifier.waiting(job) as waiter:
        while not desk.store.notifier.is_closed:
            waiter.rearm()
            page = await _read(desk, job, after)
            is_last, sent = page.is_last, b"".join(map(as_sent, page.events))
            after = page.events[-1].id if page.events else after
            del page
            if sent:
                yield sent
            if is_last:
                return
            if not sent and not await waiter.wait(COMMENT_SECONDS):
                yield _COMMENT


async def _present(desk: Desk, job: str, page: EventPage) -> AsyncIterator[bytes]:
    """`page` and those after it; an error in reading is as in `_follow`."""
    while page.events:
        yield "".join(json.dumps(asdict(event)) + "\n" for event in page.events).encode("ascii")
        page = await _read(desk, job, page.events[-1].id)


async def _read(desk: Desk, job: str, after: int) -> EventPage:
    """The next events; raises JobStoreError where they cannot be read, NotFoundError for a job that was forgotten."""
    return await desk.read(lambda: desk.store.events_page(job, after, EVENTS_AT_ONCE))


def as_sent(event: JobEvent) -> bytes:
    """One event on the wire; JSON without line breaks needs no more than one line of data."""
    return f"id: {event.id}\nevent: {event.type}\ndata: {json.dumps(event.data)}\n\n".encode("ascii")
