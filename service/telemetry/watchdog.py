"""Ends questions that take too long."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from threading import Condition, Thread

import duckdb

from exposure.question_time import Watch
from service.errors import LimitError, TooSlowError

AGAIN_SECONDS = 0.05
"""DuckDB may miss an interruption between two steps of a question, so it is told again."""


class Watchdog:
    """Interrupts every question that takes longer than `seconds`; one thread, which sleeps until one may be due."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._changed = Condition()
        self._watches: dict[Watch, float] = {}  # by rising time at which each is due
        self._thread: Thread | None = None
        self._is_closed = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch over the questions that this thread asks in the block.

        Raises TooSlowError where they took too long, LimitError where they took too much memory.
        """
        with Watch() as watch:
            self._begin(watch)
            try:
                yield
            except duckdb.InterruptException as error:
                raise TooSlowError(
                    f"The question took longer than {self._seconds:g} s and was ended. Ask for less at once."
                ) from error
            except duckdb.OutOfMemoryException as error:
                raise LimitError(
                    "The question takes more memory than one may (limits.duckdb_memory). Ask for less at once."
                ) from error
            finally:
                with self._changed:
                    self._watches.pop(watch, None)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _begin(self, watch: Watch) -> None:
        with self._changed:
            self._watches[watch] = time.monotonic() + self._seconds
            if self._thread is None and not self._is_closed:
                self._thread = Thread(target=self._run, name="question-watchdog", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        with self._changed:
            while not self._is_closed:
                self._changed.wait(self._interrupt_due())

    def _interrupt_due(self) -> float:
        """Interrupt what is due; returns how long to sleep. What begins meanwhile is not due before that."""
        now = time.monotonic()
        pause = self._seconds
        for watch, due in self._watches.items():
            if due > now:
                return min(pause, due - now)
            watch.interrupt()
            pause = AGAIN_SECONDS
        return pause
