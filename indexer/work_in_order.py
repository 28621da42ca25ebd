"""Work on a stream by several threads, its results in the order of the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

AHEAD = 2
"""Items for each thread that may be waiting or done before their turn: memory is bounded by them."""


@contextmanager
def in_order(work: Callable[[Given], Made], items: Iterable[Given], threads: int) -> Iterator[Iterator[Made]]:
    """What `work` makes of each item, in order. One thread is the caller's own; more of them work beside it.

    When the block ends, whatever ends it, no thread is at work any more.
    """
    if threads == 1:
        yield map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield _in_turn(pool, work, items, AHEAD * threads)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_turn(
    pool: ThreadPoolExecutor, work: Callable[[Given], Made], items: Iterable[Given], ahead: int
) -> Iterator[Made]:
    waiting: deque[Future[Made]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) == ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
