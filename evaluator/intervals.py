"""Intervals: of a proportion by Wilson's score, of anything by the quantiles of its draws."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluator.scored import Floats

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """[low, high], in the unit of what it is an interval of; an end is infinite where the draws are."""

    low: float
    high: float
    level: float = LEVEL


def wilson(successes: Floats, trials: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Low and high end of the score interval of a proportion, of any shape; NaN where there was no trial.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22: 209–212; as
    equation (4) of Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion, Statistical
    Science 16: 101–133. It takes trials as independent: where pairs share words, see the lemma bootstrap beside it.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    n = np.where(np.asarray(trials) > 0, trials, np.nan).astype(np.float64)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.where(share == 0, 0.0, middle - half), np.where(share == 1, 1.0, middle + half)
