"""concept_before_after: what concept vectors separate before and after, layer by layer, each value beside its null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluator.adjustment import benjamini_hochberg
from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.concepts_found import AUROC, ConceptsFound, Nulled


@dataclass(frozen=True, slots=True)
class ConceptRow:
    """One measure of one paradigm at one layer, 0 being that of the embeddings.

    `*_null_*`: mean and central 95 % under permuted labels, of rank-mismatch under mismatched pairs; `*_p` one-tailed,
    for as high a value, of ranks for as low a one. `after_p_adjusted` (Benjamini and Hochberg): over the eligible
    paradigms of the evaluation, of the same measure and layer.
    """

    evaluation: str
    uid: str
    eligible: bool
    measure: str
    split: str
    layer: int
    before_step: int
    after_step: int
    after_is_crossing: bool
    n: int | None
    before: float | None
    before_null_mean: float | None
    before_null_low: float | None
    before_null_high: float | None
    before_p: float | None
    after: float | None
    after_null_mean: float | None
    after_null_low: float | None
    after_null_high: float | None
    after_p: float | None
    after_p_adjusted: float | None
    note: str | None
    convention: str


def concept_rows(report: Report) -> list[ConceptRow]:
    """By evaluation, paradigm, measure and layer."""
    return [row for run in report.runs if run.inside.concepts for row in _of_run(report, run, run.inside.concepts)]


def eligible_in(report: Report, run: EvaluatedRun) -> list[str]:
    """The paradigms that can be asked about delay in one run, in the order of the report; all without a split."""
    if run.exposed is None:
        return [sheet.uid for sheet in report.sheets]
    return [
        sheet.uid
        for sheet in report.sheets
        if any(view.run == run.name and view.standing.is_eligible for view in sheet.views)
    ]


def adjusted_after(
    found: ConceptsFound, uids: list[str], measure: str = AUROC, layer: int | None = None
) -> dict[str, float]:
    """Paradigm → p after, adjusted over `uids` at one layer, the last when None; without those that have no p."""
    at = found.layers[-1] if layer is None else layer
    held = [uid for uid in uids if uid in found.spans]
    values = [found.at(measure, uid, found.spans[uid].after, at) for uid in held]
    adjusted = benjamini_hochberg([None if one is None else one.p for one in values])
    return {uid: p for uid, p in zip(held, adjusted, strict=True) if p is not None}


def _of_run(report: Report, run: EvaluatedRun, found: ConceptsFound) -> Iterator[ConceptRow]:
    eligible = eligible_in(report, run)
    for measure in found.arrays:
        for layer in found.layers:
            adjusted = adjusted_after(found, eligible, measure, layer)
            for uid in found.uids:
                row = _row(run.name, found, uid, uid in eligible, measure, layer, adjusted.get(uid))
                if row.before is not None or row.after is not None:
                    yield row


def _row(
    name: str, found: ConceptsFound, uid: str, eligible: bool, measure: str, layer: int, adjusted: float | None
) -> ConceptRow:
    span = found.spans[uid]
    before, after = (found.at(measure, uid, step, layer) for step in (span.before, span.after))
    known = after or before
    return ConceptRow(
        evaluation=name,
        uid=uid,
        eligible=eligible,
        measure=measure,
        split=found.split_of(measure),
        layer=layer,
        before_step=span.before,
        after_step=span.after,
        after_is_crossing=span.is_crossing,
        n=None if known is None else known.n,
        **_values("before", before),
        **_values("after", after),
        after_p_adjusted=adjusted,
        note=span.note or None,
        convention=found.convention,
    )


def _values(when: str, one: Nulled | None) -> dict[str, Any]:
    names = (when, f"{when}_null_mean", f"{when}_null_low", f"{when}_null_high", f"{when}_p")
    values = (None,) * 5 if one is None else (one.value, one.null_mean, one.null_low, one.null_high, one.p)
    return dict(zip(names, values, strict=True))
