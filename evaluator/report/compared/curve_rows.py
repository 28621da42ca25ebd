"""copy_curves.csv and copy_curves.parquet: what each run copied, and its strongest heads, by checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.compared.comparison import Comparison
from evaluator.compared.curves import Curve
from evaluator.report.plain import finite


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One checkpoint of one run. `low` … `high` is the interval of a share of queries.

    Of heads: the highest score of any, and in which `layer` and `head` it is. `tokens` is step × batch × context.
    """

    evaluation: str
    measure: str
    step: int
    tokens: int | None
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    layer: int | None
    head: int | None
    convention: str


def curve_rows(comparison: Comparison) -> list[CurveRow]:
    """By quantity, run and checkpoint, of the runs that stand side by side."""
    return [row for held in comparison.held for curve in held.curves for row in _of(curve)]


def _of(curve: Curve) -> Iterator[CurveRow]:
    tokens = curve.tokens
    for at, step in enumerate(curve.steps.tolist()):
        layer, head = curve.strongest(at) or (None, None)
        n = finite(curve.n[at])
        yield CurveRow(
            evaluation=curve.run.name,
            measure=curve.quantity.measure,
            step=step,
            tokens=None if tokens is None else int(tokens[at]),
            value=finite(curve.values[at]),
            low=finite(curve.low[at]),
            high=finite(curve.high[at]),
            n=None if n is None else int(n),
            layer=layer,
            head=head,
            convention=curve.convention,
        )
