"""What was measured of the scored checkpoints of an evaluation beside minimal pairs, measure by measure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, measured_path, read_measured
from evaluator.measurement_table import at_step, distinct, rows_of
from exposure.measurement import Measurement


def stored_measures(folder: EvaluationFolder) -> Iterator[tuple[pa.Table, dict[str, Any]]]:
    """(rows, what they were made of) of each measure, by name and step.

    Of several specs all rows are given, each once: their conventions tell them apart, and what two specs both ask for
    (one position of states, and the same beside another) they have alike. Raises EvaluationError where what the list of
    checkpoints names is damaged or gone.
    """
    found: dict[str, list[tuple[int, Measured]]] = {}
    specs: dict[str, set[str]] = {}
    for record in folder.checkpoints:
        if record.status == "scored" and record.weights_sha256 is not None:
            for name in record.measured:
                one = read_measured(measured_path(folder.path, name, record.weights_sha256))
                measure = name.partition("/")[0]
                found.setdefault(measure, []).append((record.step, one))
                specs.setdefault(measure, set()).add(name)
    for measure, measured in sorted(found.items()):
        rows = pa.concat_tables([at_step(one.table, step) for step, one in measured])
        rows = rows if len(specs[measure]) == 1 else distinct(rows)
        yield rows, {"measured": _made_of([one for _, one in measured])}


def overall_rows(folder: EvaluationFolder, record: CheckpointRecord) -> list[Measurement]:
    """What was measured of one scored checkpoint as a whole: no rows of heads, layers, groups or positions.

    Raises as `stored_measures` does.
    """
    rows: list[Measurement] = []
    for name in record.measured:
        one = read_measured(measured_path(folder.path, name, str(record.weights_sha256)))
        whole = pc.and_(pc.equal(one.table["level"], "overall"), pc.is_null(one.table["layer"]))
        rows += rows_of(at_step(one.table.filter(whole), record.step))
    return rows


def _made_of(found: list[Measured]) -> list[dict[str, Any]]:
    """What is the same for all checkpoints, once for each spec."""
    parts: list[dict[str, Any]] = []
    for one in found:
        part = {name: value for name, value in one.made_of.items() if name != "weights_sha256"}
        if part not in parts:
            parts.append(part)
    return parts
