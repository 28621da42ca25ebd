"""Progress of long work: a bar on standard error, only where a person is looking."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Never

from tqdm import tqdm


class Progress:
    """A bar over bytes, with rate and time left; silent when standard error is no terminal."""

    def __init__(self, label: str, total_bytes: int, done_bytes: int = 0) -> None:
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
        self._bar.update(more_bytes)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
