"""Segments against their markers, and markers against the units that they are named for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Set
from pathlib import Path

from exposure.errors import TimelineError
from exposure.segments import Marker, SegmentFolder
from service.upkeep.finding import Finding
from service.upkeep.partial_files import is_old, is_partial
from service.upkeep.quarantine import quarantine

_AGAIN = "Then run the same `exposure index` again: only this unit is scanned."
_FILES = (".counts.parquet", ".exposures.parquet")


def check_segments(data: Path, segments: SegmentFolder, groups: Set[str]) -> Iterator[Finding]:
    """Everything in a folder of segments; `groups` are the fingerprints of the timeline's phrase groups."""
    present = {path.name for path in segments.path.iterdir()} if segments.path.is_dir() else set()
    for name in sorted(present):
        key, path = name.partition(".")[0], segments.path / name
        if name.endswith(".json") and name == f"{key}.json":
            yield from _check_marker(segments, key, groups)
        elif name.endswith(_FILES) and name in {f"{key}{end}" for end in _FILES}:
            if f"{key}.json" not in present and is_old(path):
                yield _half(path)
        elif not is_partial(name):
            yield unknown(data, path)


def marker_of(segments: SegmentFolder, key: str) -> Marker:
    """The marker of a segment, which must say what its name says; raises TimelineError otherwise."""
    marker = segments.marker(key)
    if not _is_of(marker, key):
        raise TimelineError(f"The marker {key}.json says something else than its name.")
    return marker


def unknown(data: Path, path: Path) -> Finding:
    """A file that nothing of this software has written there."""
    return Finding(path, "is no file of this software", "Move it to quarantine/.", lambda: quarantine(data, path))


def _check_marker(segments: SegmentFolder, key: str, groups: Set[str]) -> Iterator[Finding]:
    path = segments.marker_path(key)
    try:
        marker = marker_of(segments, key)
        segments.verify(key)
    except TimelineError as error:
        problem = str(error).replace(f"{segments.path}/", "").partition(" Delete ")[0]
        yield Finding(path, problem, f"Delete the marker. {_AGAIN}", lambda: _unmark(path))
        return
    if marker.group not in groups:
        yield Finding(
            path,
            f"belongs to the phrase group {marker.group[:12]}…, which is not there",
            "Keep it: index the same phrases again, and it is taken up.",
        )


def _is_of(marker: Marker, key: str) -> bool:
    """Whether a marker's unit, or the members that it joins, have the digest that is its key."""
    if marker.unit:
        content = json.dumps(marker.unit, sort_keys=True)
        is_same = marker.members == (key,) and marker.unit.get("group") == marker.group
    else:
        content, is_same = json.dumps(["compacted", *marker.members]), True
    return is_same and marker.key == key == hashlib.sha256(content.encode()).hexdigest()[:40]


def _unmark(path: Path) -> str:
    path.unlink(missing_ok=True)
    return "the marker is deleted"


def _half(path: Path) -> Finding:
    def remove() -> str:
        path.unlink(missing_ok=True)
        return "deleted"

    return Finding(path, "is half a segment: it has no marker", "Delete it.", remove)
