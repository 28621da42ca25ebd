"""Progress of long work: a bar on standard error, only where a person is looking."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm


class Progress:
    """A bar over bytes read, with the rate of uncompressed text beside it; silent when standard error is no terminal."""

    def __init__(self, label: str, total_bytes: int, done_bytes: int = 0) -> None:
        self._bar: tqdm[None] = tqdm(
            total=total_bytes, initial=done_bytes, desc=label, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
        )
        self._text_bytes = 0

    def advance(self, read_bytes: int, text_bytes: int = 0) -> None:
        """Count bytes read from files, and the bytes of text that they held."""
        self._text_bytes += text_bytes
        self._bar.update(read_bytes)
        elapsed = self._bar.format_dict["elapsed"]
        if text_bytes and elapsed:
            self._bar.set_postfix_str(f"text {self._text_bytes / elapsed / 1e6:.1f} MB/s", refresh=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.close()
