"""When a run stops before its end: after so many minutes, or at a signal, always between two steps."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType


class Stop:
    """Asked after each step. The first SIGINT or SIGTERM lets the step be finished; a second one acts as ever."""

    def __init__(self, max_minutes: float | None = None) -> None:
        self._until = None if max_minutes is None else time.monotonic() + 60 * max_minutes
        self._kept: dict[int, object] = {}
        self.was_signalled = False

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.was_signalled or (self._until is not None and time.monotonic() >= self._until)

    def __enter__(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._kept[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.was_signalled = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._kept.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._kept.clear()
