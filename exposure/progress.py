"""Progress of long work: a bar on standard error where a person is looking, and whoever else listens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Never

from tqdm import tqdm

Listener = Callable[[str, float, float, str], None]
"""Called with (stage, done, total, unit) whenever something was done."""

_listeners: list[Listener] = []


@contextmanager
def told(listener: Listener) -> Iterator[None]:
    """Tell `listener` of all progress in this process during the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(stage: str, done: float, total: float, unit: str) -> None:
    """Tell everybody who listens that `done` of `total` is done."""
    for listener in _listeners:
        listener(stage, done, total, unit)


class Progress:
    """A bar over bytes, with rate and time left; no bar when standard error is no terminal."""

    def __init__(self, label: str, total_bytes: int, done_bytes: int = 0) -> None:
        self._label = label
        self._total = total_bytes
        self._done = done_bytes
        self._bar: tqdm[Never] = tqdm(
            total=total_bytes,
            initial=done_bytes,
            desc=label,
            unit="B",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
        )

    def advance(self, more_bytes: int) -> None:
        """Count bytes that are done."""
        self._done += more_bytes
        self._bar.update(more_bytes)
        tell(self._label, self._done, self._total, "B")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
