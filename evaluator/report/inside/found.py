"""Everything that was found inside the models of one run, from the rows that were stored."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from evaluator.delay_report import DelayReport
from evaluator.report.inside.attention_found import AttentionFound, attention_found
from evaluator.report.inside.concepts_found import ConceptsFound, concepts_found
from evaluator.report.inside.copying_found import CopyingFound, copying_found
from evaluator.report.inside.induction_found import InductionFound, induction_found
from evaluator.report.inside.measured_arrays import MeasuredRows


@dataclass(frozen=True)
class Inside:
    """None where it was not measured."""

    copying: CopyingFound | None = None
    induction: InductionFound | None = None
    concepts: ConceptsFound | None = None
    attention: AttentionFound | None = None


def inside_of(measured: pa.Table, delay: DelayReport | None) -> Inside:
    """Of all rows of one run; `delay` says what is before and after."""
    if not len(measured):
        return Inside()
    rows = MeasuredRows(measured)
    return Inside(copying_found(rows), induction_found(rows), concepts_found(rows, delay), attention_found(rows, delay))
