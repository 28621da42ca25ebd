"""The right to serve a data directory, held by one process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from service.errors import ServiceError

LOCK_NAME = "service.lock"


@contextlib.contextmanager
def serving(data: Path, is_read_only: bool = False) -> Iterator[None]:
    """Hold the right to serve `data` for the block; the lock goes with the process, however it ends.

    A service that only answers takes none: it writes nothing, and its disk may not take a lock. Raises ServiceError
    where another process holds it, where nothing can be written, and where the file system knows no locks.
    """
    if is_read_only:
        yield
        return
    with _opened(data) as lock:
        _take(lock, data)
        _name(lock, data)
        yield


def holder(data: Path) -> str | None:
    """The process that serves `data` now ("?" where it cannot be told), or None where nobody does.

    Looks without writing, so that it works on a read-only disk; raises ServiceError where locks do not work.
    """
    try:
        lock = (data / LOCK_NAME).open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if _is_held(error):
                return _named(lock)
            raise _no_locks(data, error) from error
    return None


def _opened(data: Path) -> TextIO:
    try:
        return (data / LOCK_NAME).open("a+", encoding="utf-8", errors="replace")
    except OSError as error:
        raise ServiceError(
            f"{data / LOCK_NAME} cannot be written ({error.strerror}). Serve a folder of your own, or only answer from "
            "this one: exposure serve --read-only."
        ) from error


def _take(lock: TextIO, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if not _is_held(error):
            raise _no_locks(data, error) from error
        raise ServiceError(
            f"{data} is served already, by process {_named(lock)}. Ask that one, stop it, or serve another folder."
        ) from error


def _name(lock: TextIO, data: Path) -> None:
    """Write into the lock who holds it."""
    try:
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), f"{os.getpid()}\n".encode())
    except OSError as error:
        raise ServiceError(
            f"{data / LOCK_NAME} cannot be written ({error.strerror}). Make room, or only answer from this folder: "
            "exposure serve --read-only."
        ) from error


def _is_held(error: OSError) -> bool:
    return error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN)


def _named(lock: TextIO) -> str:
    lock.seek(0)
    return lock.read(20).strip() or "?"


def _no_locks(data: Path, error: OSError) -> ServiceError:
    return ServiceError(
        f"The file system of {data} gives no locks ({error.strerror}), so nothing would stop a second service. Put the "
        "data directory on a local disk, mount the network one with locks, or only answer from it: exposure serve "
        "--read-only."
    )
