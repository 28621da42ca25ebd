"""Runs of one setting, the seeds, at the checkpoints that all of them have: their mean and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import isfinite, sqrt
from typing import Literal

import numpy as np

from evaluator.compared.curves import Curve
from evaluator.intervals import LEVEL
from evaluator.scored import Floats, Integers
from evaluator.student import student_quantile

Unit = Literal["seeds", "queries"]
"""What an interval is over: seeds say what another run would give; queries only what other queries of the same run
would."""

Ends = tuple[float, float, Unit]
"""Low, high, and over what."""


@dataclass(frozen=True)
class Arm:
    """Curves of runs that differ in nothing but their seed."""

    curves: tuple[Curve, ...]

    @property
    def names(self) -> list[str]:
        """Of its runs."""
        return [one.run.name for one in self.curves]

    def values(self, step: int) -> Floats:
        """[run] At a checkpoint that all have."""
        return np.array([float(one.values[one.steps == step][0]) for one in self.curves])

    def query_ends(self, step: int) -> tuple[float, float] | None:
        """The interval that the measure gives the only run; None where it gives none, as of heads."""
        (one,) = self.curves
        at = one.steps == step
        low, high = float(one.low[at][0]), float(one.high[at][0])
        return (low, high) if isfinite(low + high) else None

    @property
    def lowest(self) -> float:
        """No value can be below it, as none can be above 1."""
        return 0.0 if self.curves[0].quantity.kind == "copying" else -1.0

    def ends(self, step: int) -> Ends | None:
        """The interval of the mean: Student's over seeds, within what is possible; of one seed that over queries.

        None where all seeds have the same value: two that never copied do not say that a third would not.
        """
        if len(self.curves) == 1:
            queries = self.query_ends(step)
            return None if queries is None else (*queries, "queries")
        values = self.values(step)
        half = student_quantile(0.5 + LEVEL / 2, len(values) - 1) * sqrt(_variance(values))
        if half == 0:
            return None
        mean = float(values.mean())
        return max(self.lowest, mean - half), min(1.0, mean + half), "seeds"


def common_steps(arms: Sequence[Arm]) -> Integers:
    """[checkpoint] The checkpoints that all runs of all arms have."""
    return np.asarray(reduce(np.intersect1d, [curve.steps for arm in arms for curve in arm.curves]), dtype=np.int64)


def difference_ends(plain: Arm, treated: Arm, step: int) -> Ends | None:
    """The interval of treated − plain; None where it cannot be said.

    Over seeds where both arms have several: Welch (1947, The generalization of "Student's" problem, Biometrika 34:
    28–35), seeds as the unit and unpaired. Of one seed each over queries, from both intervals: Newcombe (1998, Interval
    estimation for the difference between independent proportions, Statistics in Medicine 17: 873–890, method 10); the
    queries of both are the same, so that this is rather too wide.
    """
    sizes = {len(plain.curves), len(treated.curves)}
    if sizes == {1}:
        return _newcombe(plain, treated, step)
    return None if 1 in sizes else _welch(plain.values(step), treated.values(step), plain.lowest - 1)


def _welch(plain: Floats, treated: Floats, lowest: float) -> Ends | None:
    """Within lowest … −lowest: differences further from 0 cannot be."""
    parts = np.array([_variance(plain), _variance(treated)])
    if parts.sum() == 0:
        return None
    freedom = float(parts.sum() ** 2 / (parts**2 / [len(plain) - 1, len(treated) - 1]).sum())
    half = student_quantile(0.5 + LEVEL / 2, freedom) * sqrt(float(parts.sum()))
    difference = float(treated.mean() - plain.mean())
    return max(lowest, difference - half), min(-lowest, difference + half), "seeds"


def _newcombe(plain: Arm, treated: Arm, step: int) -> Ends | None:
    of_plain, of_treated = plain.query_ends(step), treated.query_ends(step)
    if of_plain is None or of_treated is None:
        return None
    (low_p, high_p), (low_q, high_q) = of_plain, of_treated
    p, q = float(plain.values(step)[0]), float(treated.values(step)[0])
    low = q - p - sqrt((q - low_q) ** 2 + (high_p - p) ** 2)
    return low, q - p + sqrt((high_q - q) ** 2 + (p - low_p) ** 2), "queries"


def _variance(values: Floats) -> float:
    """Of the mean; exactly 0 where all are equal, whatever rounding does."""
    if values.max() == values.min():
        return 0.0
    return float(values.var(ddof=1)) / len(values)
