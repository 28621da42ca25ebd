"""All points of a paradigm's curves, as the table that stands beside its plot."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.accuracy import AccuracyCurve
from evaluator.report.page_parts import Column, table
from evaluator.report.sheet import View
from evaluator.report.wording import NONE, share_text


def points_table(uid: str, view: View) -> str:
    """A line a checkpoint: accuracies with both intervals, and how many pairs had been exposed."""
    delay = view.delay
    curves: list[tuple[str, AccuracyCurve]] = [("all pairs", view.everything)]
    if delay is not None and (delay.train.pairs[0] or delay.validation.pairs[0]):
        curves = [("proxy-train", delay.train), ("proxy-validation", delay.validation)]
    held = [(name, curve) for name, curve in curves if curve.pairs[0]]
    columns = [Column("step", True)]
    for name, _ in held:
        columns += [Column(name, True), Column("Wilson", True), Column("bootstrap", True)]
    if view.exposed is not None:
        columns.append(Column("exposed", True))
    rows = [_row(view, [curve for _, curve in held], at) for at in range(len(view.everything.steps))]
    return table(f"{uid} by checkpoint", columns, rows, "points")


def _row(view: View, curves: Sequence[AccuracyCurve], at: int) -> list[str]:
    cells = [f"{int(view.everything.steps[at]):,}"]
    for curve in curves:
        cells.append(share_text(float(curve.accuracy[at])))
        cells.append(_ends(float(curve.wilson_low[at]), float(curve.wilson_high[at])))
        cells.append(_ends(float(curve.bootstrap_low[at]), float(curve.bootstrap_high[at])))
    return cells if view.exposed is None else [*cells, f"{int(view.exposed[at]):,}"]


def _ends(low: float, high: float) -> str:
    return NONE if low != low or high != high else f"{share_text(low)}–{share_text(high)}"
