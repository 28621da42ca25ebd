"""Progress of a sweep: one bar over all checkpoints, only where a person is looking, and whoever else listens."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Never

from tqdm import tqdm

from exposure.progress import tell


class SweepProgress:
    """A bar whose unit is the checkpoint; a checkpoint that is being scored counts by its share of tokens."""

    def __init__(self, checkpoints: int) -> None:
        self._done = 0
        self._checkpoints = checkpoints
        self._stage = "evaluating"
        self._bar: tqdm[Never] = tqdm(
            total=checkpoints,
            desc="evaluating",
            unit="checkpoint",
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
            disable=not sys.stderr.isatty(),
        )

    def begin(self, step: int) -> None:
        """A checkpoint is being scored."""
        self._stage = f"step {step:,} ({self._done + 1}/{self._checkpoints})"
        self._bar.set_description(self._stage)
        self._show(self._done)

    def within(self, done: int, total: int) -> None:
        """Part of the present checkpoint is scored."""
        self._show(self._done + done / max(total, 1))

    def finish(self) -> None:
        """A checkpoint is dealt with, whatever became of it."""
        self._done += 1
        self._show(self._done)

    def _show(self, done: float) -> None:
        self._bar.n = done
        self._bar.refresh()
        tell(self._stage, done, self._checkpoints, "checkpoints")

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
