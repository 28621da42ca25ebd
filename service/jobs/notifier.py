"""Waking those on the event loop who wait for something of the job store: a job that changes, work to be claimed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from threading import RLock


class Waiter:
    """One who waits. Whatever happened since `rearm` wakes it once; how often it happened is not kept."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._is_woken = False

    def rearm(self) -> None:
        """Take note of all so far; look at the store after this, then `wait`."""
        self._event.clear()
        self._is_woken = False

    async def wait(self, seconds: float) -> bool:
        """Until woken, or for `seconds`; whether it was woken."""
        try:
            await asyncio.wait_for(self._event.wait(), max(seconds, 0.0))
        except TimeoutError:
            return False
        return True

    def wake(self) -> None:
        """From any thread. A loop that has ended waits for nothing."""
        if self._is_woken:
            return
        self._is_woken = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)


class Notifier:
    """Who waits for which topic: a job's id, or a kind of job. Takes O(1) memory for each who waits."""

    def __init__(self) -> None:
        # One that may be taken again: a signal's handler may call `close` while this thread is in here.
        self._lock = RLock()
        self._waiting: dict[str, set[Waiter]] = {}
        self.is_closed = False

    @contextlib.contextmanager
    def waiting(self, topic: str) -> Iterator[Waiter]:
        """One who waits for `topic` during the block, on this thread's event loop."""
        waiter = Waiter()
        with self._lock:
            self._waiting.setdefault(topic, set()).add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiting[topic].discard(waiter)
                if not self._waiting[topic]:
                    del self._waiting[topic]

    def notify(self, topic: str) -> None:
        """Wake all who wait for `topic`; from any thread, after what happened is on disk."""
        with self._lock:
            for waiter in self._waiting.get(topic, ()):
                waiter.wake()

    def close(self) -> None:
        """Wake everybody, for good: who looks at `is_closed` ends. From any thread, or a signal's handler."""
        self.is_closed = True
        with self._lock:
            for waiters in list(self._waiting.values()):
                for waiter in list(waiters):
                    waiter.wake()
