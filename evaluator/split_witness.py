"""Whether an evaluation was split by a timeline although exposures.parquet, of what that knew, is not there.

An evaluation without that file looks like one that never had a timeline: other files of it know better.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from evaluator.measurement_file import MEASUREMENTS, MeasurementFacts, facts_of
from exposure.errors import EvaluationError

EXPOSURES = "exposures.parquet"
SPLIT = "split.parquet"

Found = Callable[[str], Path | pa.NativeFile | None]
"""A file of an evaluation by its name; None where there is none."""


def lost_exposures(place: Path, found: Found) -> str | None:
    """Why the evaluation at `place` cannot be used as one without a timeline; None where nothing says so."""
    witness = None if found(EXPOSURES) is not None else _witness(found)
    if witness is None:
        return None
    return (
        f"{place}/{EXPOSURES} is gone, though {witness} says that a timeline split this evaluation. Evaluate the same "
        f"with the timeline again: nothing is scored twice. To go on without a timeline, delete {SPLIT} and "
        f"{MEASUREMENTS} there too."
    )


def found_in(folder: Path) -> Found:
    """The files of an evaluation on this machine's disk."""
    return lambda name: folder / name if (folder / name).exists() else None


def _witness(found: Found) -> str | None:
    if found(SPLIT) is not None:
        return SPLIT
    measured = found(MEASUREMENTS)
    return MEASUREMENTS if measured is not None and _tells_timeline(measured) else None


def _tells_timeline(measured: Path | pa.NativeFile) -> bool:
    try:
        return _has_exposures(facts_of(measured))
    except EvaluationError:
        return False  # it is damaged: that is said by whoever reads it


def _has_exposures(facts: MeasurementFacts) -> bool:
    runs = [run for made in facts.provenance.values() for run in made.get("evaluations", ())]
    return any(run.get("exposures") is not None for run in runs)
