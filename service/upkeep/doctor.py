"""examine(): everything in a data directory held against what it should be; mend(): what can be repaired safely."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from exposure.errors import ExposureError, UsageError
from service.data_directory import DataDirectory, open_data_directory, read_identity, write_identity
from service.errors import ServiceError
from service.lock import holder, serving
from service.upkeep.backup_checks import check_backup
from service.upkeep.evaluation_checks import check_evaluation
from service.upkeep.finding import Finding
from service.upkeep.job_checks import check_jobs
from service.upkeep.partial_files import is_old, left_over
from service.upkeep.quarantine import quarantine
from service.upkeep.set_checks import check_pair_sets, check_phrase_sets, check_runs
from service.upkeep.timeline_checks import check_timeline


def examine(path: Path, is_thorough: bool = False) -> list[Finding]:
    """Everything that is not as it was written in the data directory `path`; changes nothing.

    `is_thorough` reads the shards of runs too. Raises UsageError where there is no data directory.
    """
    refuse_other(path)
    data = DataDirectory(path)
    return [*_of_directory(data), *_of_content(data, is_thorough), *_of_leftovers(data)]


def mend(path: Path, findings: list[Finding]) -> list[tuple[Finding, str]]:
    """Repair what can be, in order; each finding with what was done, or why nothing was.

    Raises ServiceError while a service runs: it holds what would be moved.
    """
    with serving(path):
        return [(finding, _mended(finding)) for finding in findings]


def refuse_other(path: Path) -> None:
    """Raise UsageError unless `path` is a data directory, of this version or older."""
    if not (path / "data.json").exists() and not (path / "timelines").is_dir():
        raise UsageError(f"{path} is no data directory: it has neither data.json nor timelines/. Name another folder.")


def service_of(path: Path) -> str | None:
    """The process that serves `path`; None where none does, or where the file system cannot say."""
    try:
        return holder(path)
    except ServiceError:
        return None


def _mended(finding: Finding) -> str:
    if finding.repair is None:
        return "not repaired"
    try:
        return finding.repair()
    except (ExposureError, OSError) as error:
        return f"not repaired: {error}"


def _of_directory(data: DataDirectory) -> Iterator[Finding]:
    try:
        read_identity(data.path)
    except ServiceError as error:
        if not data.identity_file.exists():
            problem = "is missing: the directory was written by an older version"
            yield Finding(data.identity_file, problem, "Give it one.", partial(_complete, data))
        elif "newer" in str(error):
            raise
        else:
            yield Finding(data.identity_file, "is damaged", "Write a new one.", partial(_new_identity, data))
    yield from check_backup(data)


def _complete(data: DataDirectory) -> str:
    open_data_directory(data.path)
    return "written"


def _new_identity(data: DataDirectory) -> str:
    said = quarantine(data.path, data.identity_file)
    write_identity(data)
    return f"{said}; a new one is written"


def _of_content(data: DataDirectory, is_thorough: bool) -> Iterator[Finding]:
    for path in _folders(data.timelines):
        yield from check_timeline(data, path)
    for path in _folders(data.evaluations):
        yield from check_evaluation(data.path, path)
    yield from check_runs(data, is_thorough)
    yield from check_pair_sets(data)
    yield from check_phrase_sets(data)
    yield from check_jobs(data)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _of_leftovers(data: DataDirectory) -> Iterator[Finding]:
    for path in left_over(data.path):
        if data.removed not in path.parents:
            yield Finding(path, "is half written, by a process that was killed", "Delete it.", partial(_delete, path))
    if service_of(data.path) is None and data.removed.is_dir():
        for path in sorted(data.removed.iterdir()):
            if is_old(path):
                yield Finding(path, "was removed, and is not deleted yet", "Delete it.", partial(_delete, path))


def _delete(path: Path) -> str:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return "deleted"
