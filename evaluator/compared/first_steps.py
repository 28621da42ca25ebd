"""When each run first reaches θ: in training steps, and in tokens where batch and context are known."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.compared.comparable import Comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.curves import Curve
from evaluator.crossings import Crossing
from evaluator.measures.onset.run_event import RunEvent


@dataclass(frozen=True)
class FirstStep:
    """The first checkpoint of one run at which a quantity is at or above θ."""

    curve: Curve
    crossing: Crossing

    @property
    def run(self) -> ComparedRun:
        """Whose it is."""
        return self.curve.run

    @property
    def theta(self) -> float:
        """θ."""
        return self.crossing.threshold

    @property
    def event(self) -> RunEvent | None:
        """The same in tokens, an interval (low, high]; None where batch or context is not known."""
        batch, context = self.run.training.batch_sequences, self.run.training.sequence_length
        return None if batch is None or context is None else RunEvent(batch, context, self.crossing)

    @property
    def is_below_at_end(self) -> bool:
        """Whether it is below θ again at the last checkpoint."""
        return self.crossing.step is not None and float(self.curve.values[-1]) < self.theta


def first_steps(held: Comparable) -> list[FirstStep]:
    """By θ, then by run."""
    return [FirstStep(curve, curve.crossing(theta)) for theta in held.quantity.thetas for curve in held.curves]
