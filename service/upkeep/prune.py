"""What may be deleted because nothing needs it any more, and deleting it.

Whole segments stay, also those that were joined into larger ones: indexing asks for each unit's own segment to know
that it need not be scanned again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exposure.timeline_folder import TimelineFolder
from service.data_directory import DataDirectory
from service.jobs.store import JobStore
from service.upkeep.doctor import service_of
from service.upkeep.job_checks import opened
from service.upkeep.partial_files import is_old, is_partial, left_over

What = Literal["generation", "half-written file", "half segment", "removed thing", "ended jobs", "compiled code"]


@dataclass(frozen=True)
class Pruned:
    """Something that is not needed, and the bytes that it takes; None for rows of a database, which `count` counts."""

    what: What
    place: Path
    bytes: int | None
    count: int = 1


def prune_timeline(path: Path, keep_generations: int, is_dry: bool) -> list[Pruned]:
    """Older generations than the newest `keep_generations` beside the current one, and what killed writers left.

    A generation that is open stays readable for whoever has it open. Where CURRENT names none that is there, none is
    deleted. Raises TimelineError where there is no timeline.
    """
    folder = TimelineFolder.open(path)
    with folder.locked():  # nobody publishes meanwhile, so none of these becomes the current one
        found = [Pruned("generation", one, _bytes(one)) for one in _older_generations(folder, keep_generations)]
        found += [Pruned("half segment", one, _bytes(one)) for one in _half_segments(folder)]
        found += _half_written(path)
        return _done(found, is_dry)


def prune_directory(data: DataDirectory, keep_generations: int, job_days: float | None, is_dry: bool) -> list[Pruned]:
    """All timelines of a data directory, what is half written or removed in it, and jobs that ended `job_days` ago.

    While a service runs, what was removed is left to it. Raises ExposureError for what cannot be looked through.
    """
    found = []
    for path in sorted(data.timelines.iterdir()) if data.timelines.is_dir() else []:
        if (path / "timeline.json").exists():
            found += prune_timeline(path, keep_generations, is_dry)
    known = {one.place for one in found}
    rest = [one for one in _half_written(data.path) if one.place not in known and data.removed not in one.place.parents]
    if service_of(data.path) is None:
        rest += [Pruned("removed thing", one, _bytes(one)) for one in _removed(data)]
    found += _done(rest, is_dry)
    if job_days is not None and data.jobs.exists():
        found += _ended_jobs(data, job_days, is_dry)
    return found


def prune_code(is_dry: bool) -> list[Pruned]:
    """Compiled code of other versions of this software, of Python or of numba."""
    from indexer.compiled.code_cache import code_folder

    present = code_folder()
    if present is None or not present.parent.is_dir():
        return []
    others = [path for path in sorted(present.parent.glob("code-*")) if path != present and path.is_dir()]
    return _done([Pruned("compiled code", path, _bytes(path)) for path in others], is_dry)


def _older_generations(folder: TimelineFolder, keep: int) -> list[Path]:
    current = folder.named
    if current is None or not current.is_file():
        return []
    others = [path for path in folder.generations.glob("*.duckdb") if path != current]
    return sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True)[keep:]


def _half_segments(folder: TimelineFolder) -> Iterator[Path]:
    """Files of segments whose marker was never written, and whose writer has had time to."""
    for path in sorted(folder.segments.path.glob("*.parquet")):
        is_whole = folder.segments.marker_path(path.name.partition(".")[0]).exists()
        if not is_partial(path.name) and not is_whole and is_old(path):
            yield path


def _half_written(folder: Path) -> list[Pruned]:
    return [Pruned("half-written file", path, _bytes(path)) for path in left_over(folder)]


def _removed(data: DataDirectory) -> list[Path]:
    return [path for path in sorted(data.removed.iterdir()) if is_old(path)] if data.removed.is_dir() else []


def _ended_jobs(data: DataDirectory, days: float, is_dry: bool) -> list[Pruned]:
    if is_dry:
        before = time.time() - days * 86_400
        with contextlib.closing(opened(data)) as connection:
            count = connection.execute("SELECT count(*) FROM jobs WHERE finished < ?", (before,)).fetchone()[0]
    else:
        with JobStore(data.jobs) as store:
            count = store.prune(days)
    return [Pruned("ended jobs", data.jobs, None, count)] if count else []


def _done(found: list[Pruned], is_dry: bool) -> list[Pruned]:
    for one in found if not is_dry else []:
        if one.place.is_dir() and not one.place.is_symlink():
            shutil.rmtree(one.place)
        else:
            one.place.unlink(missing_ok=True)
    return found


def _bytes(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            return sum(_bytes(Path(place, name)) for place, _, names in os.walk(path) for name in names)
        return path.lstat().st_size
    return 0
