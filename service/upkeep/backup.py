"""back_up(): a consistent copy of a data directory that is in use, on one page.

Nothing is stopped and nothing is locked. It is consistent because what refers is read before what it refers to: jobs
before evaluations, timelines and sets; CURRENT before its generation, that before segments, these before phrase groups.
All that something refers to is written before it and never changed afterwards, so it is there when the copying gets to
it, and what came meanwhile does no harm. What is deleted or published meanwhile is read again from its beginning.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exposure.artefacts import sync_to_disk
from exposure.errors import UsageError
from service.data_directory import FOLDERS, UNFINISHED_BACKUP, DataDirectory, read_identity
from service.errors import ServiceError
from service.upkeep.backup_copier import BackupCopier
from service.upkeep.backup_manifest import BackupManifest
from service.upkeep.backup_parts import copy_evaluation, copy_run, copy_set, copy_timeline
from service.upkeep.job_checks import opened

TRIES = 100
"""How often a thing is read again that is deleted and made anew, or published, while it is read."""


@dataclass(frozen=True)
class BackupResult:
    """What a backup holds, and how much of it was copied now."""

    files: int
    bytes: int
    copied_bytes: int


def back_up(source: Path, target: Path) -> BackupResult:
    """Copy the data directory `source` to `target`: a new folder, or an earlier backup, which is brought up to date.

    Raises UsageError where `target` is something else, ServiceError where `source` is no data directory.
    """
    data = DataDirectory(source.resolve())
    identity = read_identity(data.path)
    earlier = _earlier(data.path, target.resolve(), identity)
    target = target.resolve()
    target.mkdir(parents=True, exist_ok=True)
    with _writing(target):
        copier = BackupCopier(data.path, target, earlier.files if earlier else {})
        made = time.time()
        _copy_all(data, copier, target)
        copier.settle()
        BackupManifest(identity, made, copier.files).write(target)
        _drop_others(target, copier)
    return BackupResult(len(copier.files), sum(file.bytes for file in copier.files.values()), copier.copied_bytes)


def _copy_all(data: DataDirectory, copier: BackupCopier, target: Path) -> None:
    copier.stage("data.json")
    _copy_jobs(data, copier, target)
    parts: dict[Path, Callable[[BackupCopier, Path, str], None]] = {
        data.evaluations: copy_evaluation,
        data.timelines: copy_timeline,
        data.runs: copy_run,
        data.pair_sets: copy_set,
    }
    for folder, copy in parts.items():
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.is_dir():
                _copy_whole(copier, path, f"{folder.name}/{path.name}", copy)
    for path in sorted(data.phrase_sets.glob("*.parquet")):
        with contextlib.suppress(FileNotFoundError):
            copier.copy(f"{data.phrase_sets.name}/{path.name}")


def _copy_whole(copier: BackupCopier, path: Path, name: str, copy: Callable[[BackupCopier, Path, str], None]) -> None:
    """One thing, as it was at some moment; not at all where it is deleted meanwhile."""
    for _ in range(TRIES):
        with contextlib.suppress(FileNotFoundError):
            node = path.stat().st_ino
            copy(copier, path, name)
            if path.stat().st_ino == node:
                return
        copier.forget(name)
        if not path.exists():
            return
    raise ServiceError(f"{name} changes faster than it is copied. Make the backup when less is deleted and made anew.")


def _copy_jobs(data: DataDirectory, copier: BackupCopier, target: Path) -> None:
    """By SQLite's own means, as of one moment, before all else: what a job says that it made is made by then."""
    if not data.jobs.exists():
        return
    copy = target / "removed" / "jobs-copy.sqlite"
    copy.unlink(missing_ok=True)
    try:
        with contextlib.closing(opened(data)) as reading, contextlib.closing(sqlite3.connect(copy)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE")  # one file, that can be read where nothing can be written
    except sqlite3.Error as error:
        raise ServiceError(f"{data.jobs} cannot be copied ({error}). Run `exposure doctor {data.path}`.") from error
    copier.stage(data.jobs.name, copy)
    copy.unlink()


def _earlier(source: Path, target: Path, identity: str) -> BackupManifest | None:
    """The backup that is there already; raises UsageError where something else is."""
    if source == target or source in target.parents or target in source.parents:
        raise UsageError(f"{target} and {source} lie within each other. Back up to a folder elsewhere.")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is no folder. Give a new one, or an earlier backup.")
    earlier = BackupManifest.read(target)
    if earlier is not None and earlier.identity != identity:
        raise UsageError(f"{target} is a backup of another data directory. Give a folder of its own.")
    is_foreign = target.is_dir() and any(target.iterdir()) and not (target / UNFINISHED_BACKUP).exists()
    if earlier is None and is_foreign:
        raise UsageError(f"{target} is not empty and holds no backup. Give a new folder, or an earlier backup.")
    return earlier


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Mark the backup as unfinished, and keep other backups away, for the block; the mark stays when it raises."""
    mark = target / UNFINISHED_BACKUP
    with mark.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"Another backup to {target} is running. Wait for it, or give another folder.") from error
        sync_to_disk(mark)
        yield
        mark.unlink()


def _drop_others(target: Path, copier: BackupCopier) -> None:
    """Delete what an earlier backup held and this one does not."""
    for folder in FOLDERS:
        for place, _, names in os.walk(target / folder, topdown=False):
            for name in names:
                if str((Path(place) / name).relative_to(target)) not in copier.files:
                    (Path(place) / name).unlink()
            if not any(Path(place).iterdir()):
                Path(place).rmdir()
    if "jobs.sqlite" not in copier.files:
        (target / "jobs.sqlite").unlink(missing_ok=True)
