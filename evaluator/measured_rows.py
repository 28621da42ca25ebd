"""What was measured of the scored checkpoints of an evaluation beside minimal pairs, measure by measure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, measured_path, read_measured
from exposure.measurement import Measurement


def stored_measures(folder: EvaluationFolder) -> Iterator[tuple[list[Measurement], dict[str, Any]]]:
    """(rows, what they were made of) of each measure, by name and step.

    Of several specs all rows are given: their conventions tell them apart. Raises EvaluationError where what the list
    of checkpoints names is damaged or gone.
    """
    found: dict[str, list[tuple[int, Measured]]] = {}
    for record in folder.checkpoints:
        if record.status == "scored" and record.weights_sha256 is not None:
            for name in record.measured:
                one = read_measured(measured_path(folder.path, name, record.weights_sha256))
                found.setdefault(name.partition("/")[0], []).append((record.step, one))
    for _, measured in sorted(found.items()):
        rows = [row for step, one in measured for row in one.at(step)]
        yield rows, {"measured": _made_of([one for _, one in measured])}


def _made_of(found: list[Measured]) -> list[dict[str, Any]]:
    """What is the same for all checkpoints, once for each spec."""
    parts: list[dict[str, Any]] = []
    for one in found:
        part = {name: value for name, value in one.made_of.items() if name != "weights_sha256"}
        if part not in parts:
            parts.append(part)
    return parts
