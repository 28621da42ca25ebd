"""Deleting what the data directory holds: renamed away at once and for good, its bytes freed in the background."""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import threading
from pathlib import Path

from exposure.artefacts import sync_to_disk
from service.data_directory import DataDirectory
from service.errors import NotFoundError

_log = logging.getLogger("exposure.service")


def set_aside(data: DataDirectory, path: Path) -> Path:
    """Move `path` into `removed/`, durably: it is there whole, or no more; returns where it is now.

    Raises NotFoundError where there is nothing.
    """
    data.removed.mkdir(exist_ok=True)
    aside = data.removed / f"{path.parent.name}-{path.name}-{secrets.token_hex(6)}"
    try:
        path.rename(aside)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no {path.name!r} in {path.parent.name}.") from error
    for folder in (data.removed, path.parent):
        sync_to_disk(folder)
    return aside


def put_back(aside: Path, path: Path) -> None:
    """Undo `set_aside`; what was put at `path` meanwhile is left alone, and raises OSError."""
    aside.rename(path)
    for folder in (aside.parent, path.parent):
        sync_to_disk(folder)


def delete(aside: Path) -> None:
    """Free what was set aside; what cannot be deleted stays in `removed/` and is tried again at the next start."""
    try:
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("removed/%s cannot be deleted: %s", aside.name, error.strerror)


def leftovers(data: DataDirectory) -> list[Path]:
    """What an interrupted deletion left in `removed/`."""
    return sorted(data.removed.iterdir()) if data.removed.is_dir() else []


class Removal:
    """Deletes in a thread of its own what was set aside. Threads may share it; `close` lets the rest lie."""

    def __init__(self, data: DataDirectory) -> None:
        self._data = data
        self._waiting: queue.Queue[Path | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with what was left in `removed/` when the service last ended."""
        for aside in leftovers(self._data):
            self._waiting.put(aside)
        self._thread = threading.Thread(target=self._work, name="removal", daemon=True)
        self._thread.start()

    def delete(self, aside: Path) -> None:
        """Free `aside` soon."""
        self._waiting.put(aside)

    def wait(self) -> None:
        """Wait until all that was given is gone."""
        self._waiting.join()

    def close(self) -> None:
        """End after what is being deleted now, or without waiting for it where that takes long."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _work(self) -> None:
        while True:
            aside = self._waiting.get()
            try:
                if aside is None:
                    return
                delete(aside)
            finally:
                self._waiting.task_done()
