"""Which runs can be set side by side by one quantity: those measured alike, with one tokenizer; why others cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.curves import Curve, curve_of
from evaluator.compared.measured_values import conventions_of
from evaluator.compared.quantities import Quantity

Kind = tuple[str, str | None, str]
"""Convention, tokenizer and dtype: curves alike in these stand in one plot."""


@dataclass(frozen=True)
class Comparable:
    """The curves of one quantity that may stand in one plot, and why others do not."""

    quantity: Quantity
    convention: str
    tokenizer_sha256: str | None
    dtype: str
    curves: tuple[Curve, ...]
    left_out: tuple[tuple[str, str], ...]
    """(run, why)."""

    @property
    def names(self) -> list[str]:
        """Of the runs with a curve."""
        return [one.run.name for one in self.curves]


def comparable(runs: Sequence[ComparedRun], quantity: Quantity) -> Comparable | None:
    """The most runs measured by one convention with one tokenizer and dtype, the first of equals.

    None where no run was measured; one curve alone is nothing to compare, and `left_out` says why the others are not
    beside it.
    """
    held = [
        curve
        for run in runs
        for convention in conventions_of(run.measured, quantity.measure)
        if (curve := curve_of(run, quantity, convention)) is not None
    ]
    kinds = [_kind(one) for one in held]
    if not kinds:
        return None
    chosen = max(dict.fromkeys(kinds), key=kinds.count)
    curves = tuple(curve for curve in held if _kind(curve) == chosen)
    names = {one.run.name for one in curves}
    left = tuple((run.name, _why(run, held, chosen)) for run in runs if run.name not in names)
    return Comparable(quantity, *chosen, curves, left)


def _kind(curve: Curve) -> Kind:
    return curve.convention, curve.run.tokenizer_sha256, curve.run.dtype


def _why(run: ComparedRun, held: Sequence[Curve], chosen: Kind) -> str:
    mine = [_kind(one) for one in held if one.run is run]
    if not mine:
        return "it was not measured"
    convention, tokenizer, dtype = mine[0]
    if convention != chosen[0]:
        return f"it was measured otherwise: {convention}"
    if dtype != chosen[2]:
        return f"it was measured in {dtype}, not in {chosen[2]}"
    if tokenizer is None or chosen[1] is None:
        return "it is not known whether its tokenizer is the same"
    return f"its tokenizer is another one ({tokenizer[:12]}…, not {chosen[1][:12]}…)"
