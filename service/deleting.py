"""Deleting a thing of the data directory by its name: refused while anything needs it."""

from __future__ import annotations

import contextlib
import fcntl
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exposure.api.jobs import Job
from exposure.api.names import DIGEST, NAME
from service.data_directory import DataDirectory
from service.errors import ConflictError, NotFoundError
from service.removal import put_back, set_aside
from service.sets.pair_sets import PairSetStore
from service.settings import Settings
from service.uses import NOUNS, Kind, refuse_used_by_jobs

Active = Callable[[], list[Job]]
"""Gives the jobs that are queued or running."""


@dataclass(frozen=True)
class Deleter:
    """Sets things aside; whoever calls it frees them. Threads may share it."""

    data: DataDirectory
    active: Active

    def set_aside(self, kind: Kind, name: str) -> Path:
        """Take the thing away, whole and for good; where it lies in `removed/` now.

        Raises NotFoundError where there is none, ConflictError where a job or another thing needs it, or another
        process works on it.
        """
        path = place_of(self.data, kind, name)
        self._refuse_needed(kind, name)
        with _held(path, kind, name):
            refuse_used_by_jobs(self.active(), kind, name)
            aside = set_aside(self.data, path)
            try:
                # A job that was asked for meanwhile found it still there.
                refuse_used_by_jobs(self.active(), kind, name)
            except ConflictError:
                put_back(aside, path)
                raise
        return aside

    def _refuse_needed(self, kind: Kind, name: str) -> None:
        needing = _NEEDED_BY[kind](self.data, name) if kind in _NEEDED_BY else None
        if needing is not None:
            raise ConflictError(f"The {NOUNS[kind]} {name} is needed by {needing}. Delete that first.")


def place_of(data: DataDirectory, kind: Kind, name: str) -> Path:
    """Where a thing lies; raises NotFoundError where there is none."""
    pattern, suffix = (DIGEST, ".parquet") if kind == "phrase-sets" else (NAME, "")
    path = data.path / kind / f"{name}{suffix}"
    if kind not in NOUNS or not re.fullmatch(pattern, name) or not (path.exists() or path.is_symlink()):
        raise NotFoundError(
            f"There is no {NOUNS.get(kind, 'thing')} {name!r}. GET /v1/{kind} lists those that there are."
        )
    return path


@contextlib.contextmanager
def _held(path: Path, kind: Kind, name: str) -> Iterator[None]:
    """Hold the lock of a timeline or an evaluation, so that no command writes into it; ConflictError where one does."""
    lock = path / "lock"
    if kind not in ("timelines", "evaluations") or path.is_symlink() or lock.is_symlink() or not lock.is_file():
        yield
        return
    with lock.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(
                f"The {NOUNS[kind]} {name} is being written by another process. Wait for it, or stop it."
            ) from error
        yield


def _pair_set_of_phrases(data: DataDirectory, name: str) -> str | None:
    for one in PairSetStore(Settings(data.path)).listed():
        if one.phrase_set == name:
            return f"the pair set {one.id}, whose critical phrases it holds"
    return None


_NEEDED_BY: dict[Kind, Callable[[DataDirectory, str], str | None]] = {
    "phrase-sets": _pair_set_of_phrases,
}
"""What says which other thing needs one; None where nothing does. Timelines and evaluations keep copies of theirs:
of a run its timelines have the order, with the places of its shards."""
