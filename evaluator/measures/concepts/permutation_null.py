"""One statistic beside what it is under permuted labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.intervals import LEVEL
from evaluator.scored import Floats

ROUNDING = 1e-9
"""Values no further apart than this are equal."""


@dataclass(frozen=True, slots=True)
class NulledValue:
    """A value, the mean and the central 95 % of its null, and one-tailed p in both directions.

    All are None where there is no value; those of the null also where nothing can be permuted.
    """

    value: float | None
    null_mean: float | None = None
    null_low: float | None = None
    null_high: float | None = None
    p_high: float | None = None
    """(1 + draws at least as high) / (1 + draws): small where the value is higher than chance makes it."""
    p_low: float | None = None
    """The same for draws at least as low."""
    draws: int = 0


def nulled(values: Floats, can_move: bool = True) -> NulledValue:
    """Of `values` [1 + draw], the observed one first; NaN is none.

    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), 39: p is never 0.
    """
    observed, null = float(values[0]), values[1:]
    if np.isnan(observed):
        return NulledValue(None)
    if not can_move or not len(null) or np.isnan(null).any():
        return NulledValue(observed)
    low, high = np.quantile(null, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    p_high = (1 + int((null >= observed - ROUNDING).sum())) / (1 + len(null))
    p_low = (1 + int((null <= observed + ROUNDING).sum())) / (1 + len(null))
    return NulledValue(observed, float(null.mean()), float(low), float(high), p_high, p_low, len(null))
