"""Threads that work on a stream: results in its order, bounded memory, and an end to every thread."""

import threading
import time
from collections.abc import Iterator

import pytest

from indexer.work_in_order import AHEAD, in_order


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("items", [0, 1, 40])
def test_results_stand_in_the_order_of_the_items(threads: int, items: int) -> None:
    """However long each item takes, its result comes in its turn."""

    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3 == 0))
        return item * item

    with in_order(work, iter(range(items)), threads) as results:
        assert list(results) == [item * item for item in range(items)]


@pytest.mark.parametrize("threads", [1, 3])
def test_items_are_not_drawn_far_ahead(threads: int) -> None:
    """When results are not taken, no more items are drawn than are bound to be worked on."""
    drawn = 0

    def items() -> Iterator[int]:
        nonlocal drawn
        for item in range(1000):
            drawn += 1
            yield item

    with in_order(str, items(), threads) as results:
        next(results)
        assert drawn <= max(AHEAD * threads, 1)


def test_work_is_done_beside_the_caller() -> None:
    """More than one thread works at once, and none of them is the caller's."""
    meeting = threading.Barrier(2, timeout=10)

    def work(_: int) -> str:
        meeting.wait()
        return threading.current_thread().name

    with in_order(work, range(2), 2) as results:
        assert len({threading.current_thread().name, *results}) == 3


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("where", ["work", "items", "caller"])
def test_an_error_ends_the_work(threads: int, where: str) -> None:
    """An error anywhere comes to the caller, and no thread is left at work."""
    before = threading.active_count()

    def work(item: int) -> int:
        if where == "work" and item == 5:
            raise KeyError(item)
        return item

    def items() -> Iterator[int]:
        for item in range(100):
            if where == "items" and item == 50:
                raise KeyError(item)
            yield item

    def run() -> None:
        with in_order(work, items(), threads) as results:
            for one in results:
                if where == "caller" and one == 20:
                    raise KeyError(one)

    with pytest.raises(KeyError):
        run()
    assert threading.active_count() == before
