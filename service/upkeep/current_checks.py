"""CURRENT: whether it names a whole generation, and which one it could name instead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from exposure.census import Census
from exposure.errors import ExposureError
from exposure.generation_reader import connect, read_published
from exposure.publish import publish
from exposure.segments import SegmentFolder
from exposure.timeline_folder import TimelineFolder
from service.upkeep.finding import Finding
from service.upkeep.generation_checks import damage_of, facts_of


def check_current(folder: TimelineFolder) -> Iterator[Finding]:
    """What CURRENT names, and the segments that this was made of."""
    place = folder.path / "CURRENT"
    named = folder.named
    whole = _whole(folder)
    if not place.exists() and not whole:
        return  # nothing was ever published
    if named is None or named not in whole:
        problem = "is missing" if not place.exists() else "names no generation that is whole"
        yield Finding(
            place, problem, "Name the best whole generation, or publish from the segments.", lambda: mend(folder)
        )
        return
    best = max(whole, key=_worth)
    if _worth(best)[:2] > _worth(named)[:2]:
        problem = f"names a generation that covers less than {best.stem[:12]}…, which is whole"
        yield Finding(place, problem, "Name that one, or publish from the segments.", lambda: mend(folder))
    yield from _check_segments_of(named, folder.segments)


def mend(folder: TimelineFolder) -> str:
    """Have CURRENT name the best generation there is or can be made of the segments; says which.

    Raises ExposureError where there is none.
    """
    with folder.locked():
        named = folder.named
        whole = _whole(folder)
        best = max(whole, key=_worth, default=None)
        if best is not None and (named not in whole or _worth(best)[:2] > _worth(named)[:2]):
            folder.set_current(best)
    try:
        published = publish(folder, Census.open(folder.order))
    except ExposureError:
        if best is None:
            raise
        return f"CURRENT names {best.stem[:12]}… now"
    return f"published {published.stem[:12]}…"


def _whole(folder: TimelineFolder) -> list[Path]:
    return [path for path in sorted(folder.generations.glob("*.duckdb")) if damage_of(path, folder.segments) is None]


def _worth(generation: Path) -> tuple[int, int, int]:
    """How much a generation covers: batches of all groups, groups, then the newest."""
    published = read_published(generation)
    assert published is not None
    covered = sum(end - start for one in published.coverage.values() for start, end in one.ranges)
    return covered, len(published.coverage), generation.stat().st_mtime_ns


def _check_segments_of(generation: Path, segments: SegmentFolder) -> Iterator[Finding]:
    with contextlib.closing(connect(generation)) as connection:
        keys = facts_of(connection)["segments"]
    missing = [key for key in keys if not segments.has(key)]
    if missing:
        yield Finding(
            generation,
            f"is whole, but {len(missing)} of its {len(keys)} segments are gone (the first: {missing[0]})",
            "Run the same `exposure index` again: what is gone is scanned anew. Until then nothing can be published.",
        )
