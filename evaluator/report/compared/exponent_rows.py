"""exponents.csv and exponents.parquet: α of t(tokens) ∝ (batch × context)^α, with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.compared.comparison import Comparison
from evaluator.compared.exponents import HYPOTHESES, FamilyExponent
from evaluator.report.plain import known


@dataclass(frozen=True, slots=True)
class ExponentRow:
    """One set of runs alike but for batch × context and seed, by one quantity and θ.

    `low` … `high` is 95 % of the profile likelihood; `exact_low` … `exact_high` what a law without noise may be. An end
    is infinite where censoring leaves it open. `spread`: standard deviation of log t around the law. `seen`: runs whose
    event lies between checkpoints. `excludes_*`: whether the interval excludes 1, ½ and 0. `not_known`: facts of which
    it is not known whether the runs are alike in them. `differ_in`: facts beside size in which they do differ.
    """

    measure: str
    threshold: float
    evaluations: tuple[str, ...]
    estimate: float | None
    low: float | None
    high: float | None
    exact_low: float | None
    exact_high: float | None
    spread: float | None
    runs: int
    seen: int | None
    excludes_updates: bool | None
    excludes_half: bool | None
    excludes_tokens: bool | None
    reason: str | None
    not_known: tuple[str, ...]
    differ_in: tuple[str, ...]


def exponent_rows(comparison: Comparison) -> list[ExponentRow]:
    """By quantity, set of runs and θ."""
    return [_row(one) for one in comparison.exponents]


def _row(one: FamilyExponent) -> ExponentRow:
    found = one.found
    interval, exact = (None, None) if found is None else (found.interval, found.exact)
    updates, half, tokens = (one.excludes(alpha) for alpha in HYPOTHESES.values())
    return ExponentRow(
        measure=one.quantity.measure,
        threshold=one.theta,
        evaluations=one.family.names,
        estimate=None if found is None else known(found.estimate),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        exact_low=None if exact is None else exact.low,
        exact_high=None if exact is None else exact.high,
        spread=None if found is None else known(found.spread),
        runs=len(one.family.runs) if found is None else found.runs,
        seen=None if found is None else found.seen,
        excludes_updates=updates,
        excludes_half=half,
        excludes_tokens=tokens,
        reason=one.reason,
        not_known=one.family.unknown,
        differ_in=one.differ_in,
    )
