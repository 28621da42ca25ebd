"""Intervals from bootstrap draws: percentiles, taken further out where few clusters stand behind them."""

from __future__ import annotations

from math import ceil, floor, sqrt
from statistics import NormalDist

import numpy as np

from evaluator.intervals import Interval
from evaluator.scored import Floats
from evaluator.student import student_quantile


def tail_of(level: float, effective: float) -> float:
    """The share of draws to leave out at each end.

    Percentiles of a bootstrap over n units are too narrow by √((n − 1) / n), and normal where Student's t is called
    for. Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician 69: 371–386,
    "expanded percentile intervals": leave out Φ(−√(n / (n − 1)) t) with t the quantile of n − 1 degrees of freedom.
    n is the effective number of clusters, at least 2.
    """
    n = max(effective, 2.0)
    return NormalDist().cdf(-sqrt(n / (n - 1)) * student_quantile(0.5 + level / 2, n - 1))


def bounds_of(draws: Floats, level: float, effective: float) -> tuple[Floats, Floats]:
    """Low and high end along the first axis of draws [resample, …]; a draw that is NaN counts at both ends."""
    tail = tail_of(level, effective)
    undefined = np.isnan(draws)
    last = len(draws) - 1
    low = np.sort(np.where(undefined, -np.inf, draws), axis=0)[floor(tail * last)]
    high = np.sort(np.where(undefined, np.inf, draws), axis=0)[ceil((1 - tail) * last)]
    return low, high


def interval_of(draws: Floats, level: float, effective: float) -> Interval:
    """The interval of one number, from its draws [resample]; unbounded where too many draws have no value."""
    low, high = bounds_of(draws, level, effective)
    return Interval(float(low), float(high), level)
