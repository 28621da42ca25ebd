"""The measures beside minimal pairs: a line each. `measure_specs.py` says what their values mean, without torch."""

from __future__ import annotations

from collections.abc import Callable

from evaluator.measures.checkpoint_measure import CheckpointMeasure
from evaluator.measures.copying.copying_measure import CopyingMeasure
from evaluator.measures.induction.induction_measure import InductionMeasure

CHECKPOINT_MEASURES: dict[str, Callable[[], CheckpointMeasure]] = {
    "copying": CopyingMeasure,
    "induction": InductionMeasure,
}
"""`asked_as` → what makes it."""
