"""A watch over the questions of one thread to DuckDB: so that another can end them.

with Watch() as watch:          # cursors that Timeline makes in this thread from here on belong to it
    timeline.first_seen(...)    # watch.interrupt(), from any thread, ends it with duckdb.InterruptException
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from threading import Lock
from types import TracebackType

import duckdb

_present: ContextVar[Watch | None] = ContextVar("question_watch", default=None)


class Watch:
    """The cursors of one question."""

    def __init__(self) -> None:
        self.is_over = False
        self._lock = Lock()
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._token: Token[Watch | None] | None = None

    def __enter__(self) -> Watch:
        self._token = _present.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _present.reset(self._token)
        with self._lock:
            self._cursors.clear()

    def add(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Watch over `cursor` too; raises duckdb.InterruptException when the question was ended already."""
        with self._lock:
            if self.is_over:
                raise duckdb.InterruptException("The question was ended.")
            self._cursors.append(cursor)

    def interrupt(self) -> None:
        """End the question. DuckDB forgets it when nothing runs just then: say it again until the question is over."""
        with self._lock:
            self.is_over = True
            for cursor in self._cursors:
                cursor.interrupt()


def watched(cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """`cursor`, under the watch of this thread where there is one."""
    watch = _present.get()
    if watch is not None:
        watch.add(cursor)
    return cursor
