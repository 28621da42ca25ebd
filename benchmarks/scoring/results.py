"""What the three commands measured, kept in one JSON file so that the page can be written from all of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.machine import machine

FILE = "evaluator-benchmarks.json"
LIBRARIES = ("torch", "transformers", "lm_eval", "minicons")


@dataclass(frozen=True)
class Measured:
    """Rows of one table, with what was asked for and what they were measured on. `load` is the machine's, 1 minute."""

    settings: dict[str, object]
    rows: list[dict[str, object]]
    load: tuple[float, float]  # before, after
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))
    machine: str = field(default_factory=machine)
    versions: dict[str, str] = field(default_factory=lambda: {name: _version(name) for name in LIBRARIES})


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def keep(work: Path, name: str, measured: Measured) -> None:
    """Put `measured` in the place of what was measured under that name before."""
    held = {key: asdict(one) for key, one in kept(work).items()} | {name: asdict(measured)}
    work.mkdir(parents=True, exist_ok=True)
    (work / FILE).write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def kept(work: Path) -> dict[str, Measured]:
    """Everything measured so far, by name."""
    path = work / FILE
    if not path.exists():
        return {}
    held = json.loads(path.read_text(encoding="utf-8"))
    return {name: Measured(**{**one, "load": tuple(one["load"])}) for name, one in held.items()}


def with_row(
    rows: Sequence[dict[str, object]], row: dict[str, object], names: Sequence[str]
) -> list[dict[str, object]]:
    """`rows` with `row` instead of the one that has the same `names`, or at the end."""
    return [one for one in rows if any(one[name] != row[name] for name in names)] + [row]


def load_average() -> float:
    """Processes that ran or waited for a CPU in the last minute."""
    return round(os.getloadavg()[0], 1)
