"""Working ahead in a thread: the same items and errors, and nothing left behind."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.readers.prefetch import prefetched


def threads() -> list[str]:
    """Names of the threads that prefetch."""
    return [thread.name for thread in threading.enumerate() if thread.name == "prefetch"]


class Source:
    """Counts up to `length`, notes how far, raises at its end if told so, and notes when it is closed."""

    def __init__(self, length: int, error: BaseException | None = None) -> None:
        self.made = 0
        self.is_closed = False
        self._length, self._error = length, error

    def items(self) -> Iterator[int]:
        """The numbers."""
        try:
            for number in range(self._length):
                self.made += 1
                yield number
            if self._error is not None:
                raise self._error
        finally:
            self.is_closed = True


@given(st.lists(st.none() | st.integers(), max_size=20), st.integers(1, 5))
def test_same_items_in_order(items: list[int | None], depth: int) -> None:
    """Every item comes once, in order, None too."""
    assert list(prefetched(iter(items), depth)) == items


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_bounded_ahead(depth: int) -> None:
    """No more than `depth` items wait, however slow the caller is; one more may be made."""
    source = Source(100)
    ahead = prefetched(source.items(), depth)
    for taken in range(1, 4):
        next(ahead)
        deadline = time.monotonic() + 5
        while source.made < taken + depth and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert taken + depth <= source.made <= taken + depth + 1
    ahead.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [ValueError("a"), KeyboardInterrupt(), OSError("b")])
def test_error_of_the_source(error: BaseException) -> None:
    """What the items raise is raised to the caller, after all items before it."""
    taken = []
    with pytest.raises(type(error)) as raised:  # noqa: PT012
        for item in prefetched(Source(3, error).items(), 2):
            taken.append(item)  # noqa: PERF402
    assert raised.value is error
    assert taken == [0, 1, 2]
    assert not threads()


def test_caller_that_stops(tmp_path: Path) -> None:
    """When the caller stops early, thread and file are gone at once: by close, by an error, by Ctrl-C."""
    (tmp_path / "a").write_text("line\n" * 100_000)

    def lines() -> Iterator[str]:
        with (tmp_path / "a").open() as file:
            yield from file

    source = Source(100_000)
    ahead = prefetched(source.items(), 2)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()  # type: ignore[attr-defined]
    assert source.is_closed
    assert not threads()
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):  # noqa: PT012
            for _ in prefetched(lines(), 2):
                raise error
        assert not threads()


def test_nothing_is_made_before_it_is_asked_for() -> None:
    """An iterator that nobody reads starts no thread."""
    source = Source(3)
    ahead = prefetched(source.items(), 2)
    assert not threads()
    assert source.made == 0
    assert list(ahead) == [0, 1, 2]
    assert source.is_closed


def test_error_while_closing() -> None:
    """An error that closing the source raises reaches a caller that reads to the end."""

    class Bad:
        def __iter__(self) -> Iterator[int]:
            return self

        def __next__(self) -> int:
            raise StopIteration

        def close(self) -> None:
            raise OSError("cannot be closed")

    with pytest.raises(OSError, match="cannot be closed"):
        list(prefetched(Bad(), 1))
