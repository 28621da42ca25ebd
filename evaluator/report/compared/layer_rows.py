"""layer_order.csv and layer_order.parquet: whether induction heads form from shallow to deep layers."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.compared.comparison import Comparison
from evaluator.compared.formation_order import FormationOrder


@dataclass(frozen=True, slots=True)
class LayerRow:
    """Spearman's coefficient of layer against formation step at one θ, over one run or several: the mean over runs.

    `which` heads: all, those that never form later than all others; or those that formed. `p_shallow_first`: how often
    permuted layers have at least as large a coefficient. `formed`: heads that reach θ, a number a run, of `heads` in
    the `layers` that can hold one. `differ_in`: facts in which the runs differ beside their seed. Lists are JSON.
    """

    evaluations: tuple[str, ...]
    threshold: float
    which: str
    coefficient: float | None
    p_shallow_first: float | None
    p_two_sided: float | None
    draws: int
    formed: tuple[int, ...]
    heads: int
    layers: int
    differ_in: tuple[str, ...]
    reason: str | None


def layer_rows(comparison: Comparison) -> list[LayerRow]:
    """By `which` and θ: each run, then several together."""
    return [_row(one) for one in comparison.orders]


def _row(one: FormationOrder) -> LayerRow:
    order = one.order
    return LayerRow(
        evaluations=one.runs,
        threshold=order.theta,
        which=order.heads,
        coefficient=order.coefficient,
        p_shallow_first=order.p_shallow_first,
        p_two_sided=order.p_two_sided,
        draws=order.draws,
        formed=order.formed,
        heads=one.heads,
        layers=one.layers,
        differ_in=one.differ_in,
        reason=order.reason,
    )
