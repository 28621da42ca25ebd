"""An iterator that works ahead in a thread of its own, as far as a bounded queue lets it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """The same items, made in a thread that is at most `depth` of them ahead; it begins when the first is asked for.

    What `items` raises is raised here. When the caller stops early (close, an error, Ctrl-C) the thread ends with the
    item that it is making, and closes `items` if it is a generator; nothing is left behind.
    """
    queue = _Queue[Item](depth)
    thread = threading.Thread(target=_produce, args=(items, queue), name="prefetch", daemon=True)
    thread.start()
    try:
        while (item := queue.take()) is not None:
            yield item[0]
            del item  # its memory serves the next one
    finally:
        queue.stop()
        thread.join()
    if queue.error is not None:
        raise queue.error


class _Queue(Generic[Item]):
    """Hands items from one thread to another; whoever cannot go on waits."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._items: deque[tuple[Item]] = deque()
        self._turn = threading.Condition()
        self._is_stopped = False
        self._is_complete = False
        self.error: BaseException | None = None
        """What ended the items; to be looked at when they are all taken."""

    def put(self, item: Item) -> bool:
        """Wait for room and add an item; False when nobody wants one any more."""
        with self._turn:
            self._turn.wait_for(lambda: len(self._items) < self._depth or self._is_stopped)
            self._items.append((item,))
            self._turn.notify_all()
            return not self._is_stopped

    def complete(self, error: BaseException | None = None) -> None:
        """Say that no item follows, and why, if something went wrong."""
        with self._turn:
            self._is_complete = True
            self.error = error
            self._turn.notify_all()

    def take(self) -> tuple[Item] | None:
        """Wait for the next item; None when there is none."""
        with self._turn:
            self._turn.wait_for(lambda: self._items or self._is_complete)
            item = self._items.popleft() if self._items else None
            self._turn.notify_all()
            return item

    def stop(self) -> None:
        """Say that no item is wanted any more."""
        with self._turn:
            self._is_stopped = True
            self._items.clear()
            self._turn.notify_all()


def _produce(items: Iterator[Item], queue: _Queue[Item]) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not queue.put(item):
                break
            del item
    except BaseException as raised:  # whatever it is, the caller's thread is where it belongs
        error = raised
    try:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    except BaseException as raised:
        error = error or raised
    queue.complete(error)
