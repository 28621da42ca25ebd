"""A lock between processes that is waited for, and said to be: it goes with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from exposure.progress import tell


@contextmanager
def waiting_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock in the file `path` for the block; where another process holds it, wait for `what`, and tell so.

    A file that was deleted or moved away while it was waited for is no lock any more: the one that is there now is.
    """
    while True:
        with path.open("a") as file:
            _take(file, what)
            if _is_at(path, file):
                yield
                return


def _take(file: IO[str], what: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tell(f"waiting for {what}", 0, 1, "locks")
        fcntl.flock(file, fcntl.LOCK_EX)  # a signal whose handler raises ends the wait


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
