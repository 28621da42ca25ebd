"""How far a job is, on standard error where a person is looking."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Never

from tqdm import tqdm

from exposure.api.jobs import JobEvent


class ProgressBar:
    """A bar of one job's progress, a new one for each stage; none where standard error is no terminal."""

    def __init__(self, is_wanted: bool = True) -> None:
        self._is_shown = is_wanted and sys.stderr.isatty()
        self._stage: str | None = None
        self._bar: tqdm[Never] | None = None

    def tell(self, event: JobEvent) -> None:
        """Show what an event says of progress."""
        if event.type != "progress" or not self._is_shown:
            return
        stage, done = str(event.data.get("stage", "")), float(event.data.get("done", 0))
        if self._bar is None or stage != self._stage:
            self.close()
            unit = str(event.data.get("unit", ""))
            self._stage = stage
            self._bar = tqdm(total=event.data.get("total"), desc=stage, unit=unit, unit_scale=unit == "B")
        self._bar.n = done
        self._bar.refresh()

    def close(self) -> None:
        """Leave what was shown as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
