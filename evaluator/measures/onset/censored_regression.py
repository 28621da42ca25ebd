"""Linear regression of times known only to lie in intervals, with logistic noise, by maximum likelihood.

log t = X β + σ ε, seen as low < log t ≤ high. With τ = 1/σ and γ = β/σ the log-likelihood is Σ log(F(b) − F(a)), where
b = τ high − X γ, a = τ low − X γ and F is the logistic distribution function. Its density is log-concave, so the sum is
concave in (γ, τ) (Pratt 1981, Concavity of the log likelihood, JASA 76: 103–106; Burridge 1981, Empirical Bayes
analysis of survival time data, JRSS B 43: 65–75), and Newton's method finds the one maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from evaluator.scored import Flags, Floats

ROUNDS = 200
SMALLEST_STEP = 1e-12
CONVERGED = 1e-10
"""Half of Newton's decrement: how far the log-likelihood can still be from its maximum, nearly."""

SHARPEST = 1e6
"""1/σ at most: where intervals allow a law without noise, the likelihood rises to 1 as σ goes to 0."""


@dataclass(frozen=True)
class LogTimes:
    """log t of each run lies in (low, high]; low −∞: left-censored, high ∞: right-censored."""

    low: Floats  # [run]
    high: Floats  # [run]

    @property
    def is_interval(self) -> Flags:
        """[run] Whether both ends are known."""
        return np.isfinite(self.low) & np.isfinite(self.high)

    def __sub__(self, shift: Floats) -> LogTimes:
        """Shifted by [run]."""
        return LogTimes(self.low - shift, self.high - shift)


@dataclass(frozen=True)
class Fit:
    """The maximum."""

    slopes: Floats  # [column] β
    scale: float
    """σ of the logistic."""
    log_likelihood: float

    @property
    def standard_deviation(self) -> float:
        """Of the noise: σ π / √3."""
        return self.scale * pi / sqrt(3)


def fit(times: LogTimes, columns: Floats) -> Fit:
    """β and σ of highest likelihood, of columns [run, column] (an intercept is a column of ones).

    At least one interval must be finite. Where the likelihood has no maximum (it rises for ever as σ falls), σ is as
    small as 1e-6.
    """
    point = _start(times, columns)
    value, gradient, curvature = _likelihood(times, columns, point)
    for _ in range(ROUNDS):
        step = _newton_step(gradient, curvature)
        decrement = float(gradient @ step) / 2
        share, trial = 1.0, point + step
        while share > SMALLEST_STEP:
            trial = point + share * step
            if trial[-1] > 0 and _value(times, columns, trial) >= value + 1e-4 * share * 2 * decrement:
                break
            share /= 2
        if decrement < CONVERGED or share <= SMALLEST_STEP or trial[-1] > SHARPEST:
            break
        point = trial
        value, gradient, curvature = _likelihood(times, columns, point)
    return Fit(point[:-1] / point[-1], float(1 / point[-1]), value)


def profile(times: LogTimes, regressor: Floats, slope: float) -> float:
    """The highest log-likelihood with an intercept and this slope on regressor [run]."""
    shifted = times - slope * regressor
    if shifted.low.max() <= shifted.high.min():
        return 0.0  # one intercept suits all: likelihood 1, without noise
    return fit(shifted, np.ones((len(regressor), 1))).log_likelihood


def _start(times: LogTimes, columns: Floats) -> Floats:
    """(γ, τ) of least squares on the middles of the intervals, and on the known ends of the others."""
    ends = np.where(np.isfinite(times.low), times.low, times.high)
    middles = np.where(times.is_interval, (times.low + times.high) / 2, ends)
    slopes, *_ = np.linalg.lstsq(columns, middles, rcond=None)
    scale = float((middles - columns @ slopes).std()) + 0.05
    return np.append(slopes, 1.0) / scale


def _newton_step(gradient: Floats, curvature: Floats) -> Floats:
    """−H⁻¹ g, with a little added to H's diagonal where it is flat."""
    ridge = 1e-12 * max(1.0, float(np.trace(curvature)))
    return np.asarray(np.linalg.solve(curvature + ridge * np.eye(len(gradient)), gradient))


def _value(times: LogTimes, columns: Floats, point: Floats) -> float:
    lower, upper = _ends(times, columns, point)
    return float(_log_mass(lower, upper).sum())


def _ends(times: LogTimes, columns: Floats, point: Floats) -> tuple[Floats, Floats]:
    centre = columns @ point[:-1]
    return point[-1] * times.low - centre, point[-1] * times.high - centre


def _log_mass(lower: Floats, upper: Floats) -> Floats:
    """[run] log(F(upper) − F(lower)) = log(1 − e^(lower − upper)) − log(1 + e^lower) − log(1 + e^−upper)."""
    with np.errstate(divide="ignore"):
        width = np.log(-np.expm1(lower - upper))
    return np.asarray(width - np.logaddexp(0, lower) - np.logaddexp(0, -upper))


def _likelihood(times: LogTimes, columns: Floats, point: Floats) -> tuple[float, Floats, Floats]:
    """The log-likelihood at (γ, τ), its gradient, and minus its second derivatives (positive semidefinite)."""
    lower, upper = _ends(times, columns, point)
    below, above = _logistic(lower), _logistic(-upper)
    with np.errstate(over="ignore"):
        pull = 1 / np.expm1(upper - lower)  # 0 where an end is infinite
    by_upper, by_lower = pull + above, -pull - below
    bend = pull * (1 + pull)  # 1 / (4 sinh²(width / 2))
    # derivatives of the ends by (γ, τ); an infinite end has no part in anything
    d_upper = np.column_stack([-columns, np.where(np.isfinite(times.high), times.high, 0.0)])
    d_lower = np.column_stack([-columns, np.where(np.isfinite(times.low), times.low, 0.0)])
    gradient = by_upper @ d_upper + by_lower @ d_lower
    d_width = d_upper - d_lower
    curvature = (
        (d_width.T * bend) @ d_width
        + (d_upper.T * (above * (1 - above))) @ d_upper
        + (d_lower.T * (below * (1 - below))) @ d_lower
    )
    return float(_log_mass(lower, upper).sum()), gradient, curvature


def _logistic(values: Floats) -> Floats:
    """1 / (1 + e^−x), without overflow."""
    return np.exp(-np.logaddexp(0, -values))
