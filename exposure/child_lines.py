"""Standard output of a job's child process: lines for its worker and nothing else, whatever libraries print."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line, LineType

PROGRESS_SECONDS = 0.3
"""Progress within one stage is written no more often than this."""


class ChildLines:
    """Writes lines whole, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._stream = open(descriptor, "w", encoding="ascii")  # noqa: SIM115 — open as long as the process
        self._lock = threading.Lock()
        self._is_over = False
        self._stage = ""
        self._told = float("-inf")

    @classmethod
    def of_standard_output(cls) -> ChildLines:
        """Keep standard output for lines: from now on, what anybody else prints there goes to standard error."""
        descriptor = os.dup(1)  # not inherited by processes that we start
        os.dup2(2, 1)
        return cls(descriptor)

    def close(self) -> None:
        """Write no more."""
        self._stream.close()

    def write(self, kind: LineType, data: Mapping[str, Any]) -> None:
        """Write one line."""
        with self._lock:
            if not self._is_over:
                Line(kind, dict(data)).write(self._stream)

    def outcome(self, data: Mapping[str, Any]) -> None:
        """Write the last line; one that was interrupted before it is ended first. Nothing is written after it."""
        with self._lock:
            if not self._is_over:
                self._is_over = True
                self._stream.write("\n")
                Line("outcome", dict(data)).write(self._stream)

    def progress(self, stage: str, done: float, total: float, unit: str) -> None:
        """Write how far we are; within a stage only now and then, and its end always."""
        with self._lock:
            now = time.monotonic()
            if self._is_over or (stage == self._stage and done < total and now - self._told < PROGRESS_SECONDS):
                return
            self._stage, self._told = stage, now
            progress = JobProgress(stage, done, total, unit)
            fields = {name: getattr(progress, name) for name in JobProgress.__slots__}
            Line("progress", fields).write(self._stream)
