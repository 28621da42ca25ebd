"""The events of a job, as one stream, however often the connection breaks."""

from __future__ import annotations

import json
from collections import deque
from typing import get_args, get_type_hints

from exposure.api.jobs import FINAL, JobEvent
from exposure.client.core import Core
from exposure.client.exchanges import Broken, Plan, Request, Response, Wait, open_stream, read_stream
from exposure.client.problems import UnexpectedAnswer
from exposure.client.retries import AGAIN, checked, retry_after, unreachable
from exposure.client.sent_events import EventParser, ServerSentEvent

EVENT_STREAM = "text/event-stream"
SHORTEST_READ = 0.05
"""Seconds."""

_TYPES = frozenset(get_args(get_type_hints(JobEvent)["type"]))


class JobEvents:
    """Events one by one, each exactly once; after a break the stream is asked for from the last one on.

    `deadline` is when to give up (by the core's clock): TimeoutError. `job` is an id.
    """

    def __init__(
        self, core: Core, path: str, job: str, after: int | None = None, deadline: float | None = None
    ) -> None:
        self._core, self._path, self._job, self._deadline = core, path, job, deadline
        self._last = after
        self._parser = EventParser()
        self._came: deque[JobEvent] = deque()
        self._is_open = self._is_over = False
        self._breaks = 0
        self._read_seconds = core.stream_seconds

    def next(self) -> Plan[JobEvent | None]:
        """The next event; None after the last one of a job that has ended."""
        while not self._came:
            if self._is_over:
                return None
            self._refuse_lateness()
            if not self._is_open:
                yield from self._open()
            elif self._is_deadline_near():
                self._is_open = False  # to be opened again, with a shorter wait
            else:
                yield from self._read()
        return self._came.popleft()

    def _open(self) -> Plan[None]:
        self._read_seconds = max(SHORTEST_READ, min(self._core.stream_seconds, self._remaining()))
        last = {} if self._last is None else {"Last-Event-ID": str(self._last)}
        headers = {"Accept": EVENT_STREAM, "Cache-Control": "no-store", **last}
        reply = yield from open_stream(Request("GET", self._path, (), headers, read_seconds=self._read_seconds))
        if isinstance(reply, Broken) or reply.status in AGAIN:
            yield from self._pause(reply)
            return
        self._is_over = checked(reply).status == 204
        if not self._is_over and reply.media != EVENT_STREAM:
            raise UnexpectedAnswer(f"The events of job {self._job} came as {reply.media!r}, not as {EVENT_STREAM}.")
        self._parser, self._is_open = EventParser(), not self._is_over

    def _read(self) -> Plan[None]:
        portion = yield from read_stream()
        if isinstance(portion, bytes):
            self._breaks = 0
            for event in self._parser.feed(portion):
                self._take(event)
            return
        self._is_open = False
        was_short = self._read_seconds < self._core.stream_seconds
        if not (was_short and isinstance(portion, Broken) and portion.is_silence):
            yield from self._pause(portion or Broken("the stream ended before the job did"))

    def _take(self, event: ServerSentEvent) -> None:
        if event.type not in _TYPES:
            return  # of a later version
        told = _told(self._job, event)
        if self._last is not None and told.id <= self._last:
            return
        self._last = told.id
        self._came.append(told)
        self._is_over = self._is_over or (told.type == "state" and told.data.get("state") in FINAL)

    def _pause(self, reply: Response | Broken) -> Plan[None]:
        """Wait before the next attempt; raises what it was when that was the last."""
        retries = self._core.retries
        self._breaks += 1
        if self._breaks > retries.stream_times:
            if isinstance(reply, Broken):
                raise unreachable(self._core.url, reply, self._breaks)
            checked(reply)
        asked = None if isinstance(reply, Broken) else retry_after(reply.headers)
        yield Wait(max(0.0, min(retries.pause(self._breaks - 1, asked), self._remaining())))

    def _remaining(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - self._core.clock()

    def _refuse_lateness(self) -> None:
        if self._remaining() <= 0:
            raise TimeoutError

    def _is_deadline_near(self) -> bool:
        """Whether a read may outlast the deadline by as much as what remains."""
        return self._read_seconds > max(SHORTEST_READ, 2 * self._remaining())


def _told(job: str, event: ServerSentEvent) -> JobEvent:
    try:
        return JobEvent(int(event.id or ""), job, event.type, dict(json.loads(event.data)))  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"An event of job {job} cannot be read ({error}): {event.data[:200]!r}.") from error
