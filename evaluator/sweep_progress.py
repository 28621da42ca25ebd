"""Progress of a sweep: one bar over all checkpoints, only where a person is looking, and whoever else listens."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Never

from tqdm import tqdm

from exposure.progress import tell


class SweepProgress:
    """A bar whose unit is the checkpoint; the present one counts by its parts: its scoring, and each of `measures`.

    All parts are taken as equally long, and each counts by its share of tokens, or of what else it is made of.
    """

    def __init__(self, checkpoints: int, measures: Sequence[str] = ()) -> None:
        self._parts = ("", *measures)
        self._done = 0
        self._checkpoints = checkpoints
        self._stage = self._checkpoint = "evaluating"
        self._bar: tqdm[Never] = tqdm(
            total=checkpoints,
            desc="evaluating",
            unit="checkpoint",
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
            disable=not sys.stderr.isatty(),
        )

    def begin(self, step: int) -> None:
        """A checkpoint is being scored."""
        self._checkpoint = f"step {step:,} ({self._done + 1}/{self._checkpoints})"
        self._name(self._checkpoint)
        self._show(self._done)

    def within(self, done: int, total: int) -> None:
        """Part of the present checkpoint is scored."""
        self._show_part(0, done, total)

    def measuring(self, measure: str, done: int, total: int) -> None:
        """Part of one of the measures of the present checkpoint is done."""
        self._name(f"{self._checkpoint}, {measure}")
        self._show_part(self._parts.index(measure), done, total)

    def finish(self) -> None:
        """A checkpoint is dealt with, whatever became of it."""
        self._done += 1
        self._show(self._done)

    def _name(self, stage: str) -> None:
        self._stage = stage
        self._bar.set_description(stage, refresh=False)

    def _show_part(self, part: int, done: int, total: int) -> None:
        self._show(self._done + (part + done / max(total, 1)) / len(self._parts))

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
