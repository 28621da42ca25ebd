"""The right to serve a data directory, held by one process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from service.errors import ServiceError

LOCK_NAME = "service.lock"


@contextlib.contextmanager
def serving(data: Path) -> Iterator[None]:
    """Hold the right to serve `data` for the block; the lock goes with the process, however it ends.

    Raises ServiceError where another process holds it, or where nothing can be written.
    """
    try:
        lock = (data / LOCK_NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise ServiceError(
            f"{data / LOCK_NAME} cannot be written ({error.strerror}). Serve a folder of your own."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read(20).strip() or "?"
            raise ServiceError(
                f"{data} is served already, by process {holder}. Ask that one, stop it, or serve another folder."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
