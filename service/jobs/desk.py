"""The job store as the event loop uses it: in threads of its own, and by so many readers of events at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from service.errors import BusyError
from service.jobs.store import JobStore

THREADS = 8
"""Of workers' words and of readings for event streams; questions to timelines, however slow, cannot take them."""

RETRY_SECONDS = 10

Answer = TypeVar("Answer")


class Desk:
    """The store, and how many streams of events are open. Made and used on the event loop alone."""

    def __init__(self, store: JobStore, most_streams: int) -> None:
        self.store = store
        self.streams = 0
        self._most_streams = most_streams
        self._threads = CapacityLimiter(THREADS)
        self._reading = CapacityLimiter(THREADS // 2)

    async def ask(self, call: Callable[[], Answer]) -> Answer:
        """What `call` gives, which may block."""
        return await to_thread.run_sync(call, limiter=self._threads)

    async def read(self, call: Callable[[], Answer]) -> Answer:
        """As `ask`, for event streams: however many there are, workers are heard."""
        return await to_thread.run_sync(call, limiter=self._reading)

    def open_stream(self) -> None:
        """Count one more; raises BusyError where there are too many. `close_stream` goes with it."""
        if self.streams >= self._most_streams:
            raise BusyError(
                f"{self.streams:,} streams of events are open, {self._most_streams:,} is the most. Ask again later, or "
                "ask for the job itself now and then.",
                RETRY_SECONDS,
            )
        self.streams += 1

    def close_stream(self) -> None:
        """Count one less."""
        self.streams -= 1
