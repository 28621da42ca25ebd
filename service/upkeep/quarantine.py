"""Where damaged and unknown files are moved: nothing is deleted that a person might still want to look at."""

from __future__ import annotations

import itertools
from pathlib import Path

from exposure.artefacts import sync_to_disk

FOLDER = "quarantine"


def quarantine(data: Path, path: Path) -> str:
    """Move `path` of the data directory out of the way, durably; says where it is now."""
    wanted = data / FOLDER / path.relative_to(data)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    place = next(place for place in _names(wanted) if not place.exists())
    path.rename(place)
    for folder in (place.parent, path.parent):
        sync_to_disk(folder)
    return f"moved to {place.relative_to(data)}"


def _names(wanted: Path) -> itertools.chain[Path]:
    others = (wanted.with_name(f"{wanted.name}.{number}") for number in itertools.count(2))
    return itertools.chain([wanted], others)
