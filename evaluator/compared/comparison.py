"""Several runs side by side, from what was measured of them: the whole flow on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.compared.comparable import Comparable, comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.exponents import FamilyExponent, exponents
from evaluator.compared.first_steps import FirstStep, first_steps
from evaluator.compared.formation_order import FormationOrder, formation_orders
from evaluator.compared.quantities import QUANTITIES
from evaluator.compared.regularisation import Regularisation, regularisation

ORDERED = "induction"
"""The quantity whose heads are asked about their layers."""


@dataclass(frozen=True)
class Comparison:
    """Everything that is shown and written of several runs."""

    runs: tuple[ComparedRun, ...]
    held: tuple[Comparable, ...]
    """By quantity, of at least two runs each."""
    alone: tuple[Comparable, ...]
    """Quantities of which one run stands alone: nothing is compared by them, and they say why."""
    first_steps: tuple[FirstStep, ...]
    exponents: tuple[FamilyExponent, ...]
    regularisation: tuple[Regularisation, ...]
    """By the quantities that ask for it."""
    orders: tuple[FormationOrder, ...]

    def of(self, measure: str) -> Comparable | None:
        """The curves of one quantity, where they are compared."""
        return next((one for one in self.held if one.quantity.measure == measure), None)


def compare_runs(runs: Sequence[ComparedRun]) -> Comparison | None:
    """The comparison; None where there are not two runs, or no quantity was measured of any."""
    if len(runs) < 2:
        return None
    measured = [found for one in QUANTITIES.values() if (found := comparable(runs, one)) is not None]
    if not measured:
        return None
    held = tuple(one for one in measured if len(one.curves) > 1)
    steps = {one.quantity.measure: first_steps(one) for one in held}
    return Comparison(
        runs=tuple(runs),
        held=held,
        alone=tuple(one for one in measured if one not in held),
        first_steps=tuple(step for found in steps.values() for step in found),
        exponents=tuple(found for one in held for found in exponents(one.quantity, steps[one.quantity.measure])),
        regularisation=tuple(regularisation(one) for one in held if one.quantity.is_contrasted),
        orders=tuple(found for one in held if one.quantity.measure == ORDERED for found in formation_orders(one)),
    )
