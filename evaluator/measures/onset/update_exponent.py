"""Do updates or tokens decide when a model learns? α of t(tokens) ∝ (batch × context)^α over runs.

α = 1: runs need the same number of updates, whatever their batch (COPY, arXiv 2409.09281, for copying); 0: the same
number of tokens; ½: what arXiv 2511.16893 finds for induction heads. Fit copying and induction heads apart.

Events are seen between checkpoints only, and some runs end before theirs. So log t = a + α log(batch × context) + σ ε
is fitted by maximum likelihood to intervals, an accelerated failure-time model (Kalbfleisch and Prentice 2002, The
Statistical Analysis of Failure Time Data, sections 2.2 and 3.6), with logistic ε: heavier tails than the normal, so
that one odd run decides less, and a likelihood in closed form (censored_regression.py). Least squares of interpolated
times would take what lies between two checkpoints as known and drop the runs that never got there, and so the slowest.

The interval is of the profile likelihood: 2 Δℓ ≤ c = m log(1 + t² / (m − 2)) (the usual bound, a quantile of χ², is far
too sure for a handful of runs), with t the quantile of Student's t of m − 2 degrees. With normal ε and exact times, m
runs, this is the interval of linear regression, exactly. Where checkpoints are too far apart to see the noise, they say
little of σ, and as many runs say as much as fewer: m = Σ σ² / (σ² + w² / 12) over the runs whose event was seen, in an
interval of width w, but at least 3. (A rule of ours; the simulations in its tests are why.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log1p

import numpy as np

from evaluator.intervals import LEVEL, Interval
from evaluator.measures.onset.censored_regression import LogTimes, fit, profile
from evaluator.measures.onset.run_event import RunEvent
from evaluator.scored import Floats
from evaluator.student import student_quantile
from exposure.errors import EvaluationError

MOST = 32.0
"""An α further from the estimate than this is infinite."""

CLOSE = 1e-3
"""Ends of intervals are found to within this."""

LIKELY = np.linspace(-8, 8, 65)
"""Where the highest likelihood is looked for when it may be reached at no α: where it rises for ever."""

FEWEST_SEEN = 3
"""Events seen, to tell noise from slope."""


@dataclass(frozen=True, slots=True)
class UpdateExponent:
    """α, with what the runs allow to be said of it."""

    estimate: float | None
    """Maximum likelihood; the middle of `exact` where that is not None. None where it cannot be said: see `reason`."""
    interval: Interval | None
    """An end is infinite where censoring leaves it open. None where fewer than three events were seen."""
    exact: Interval | None
    """Every α for which a power law without any noise passes through the intervals of all runs; None where none does.
    Its level is 1: it is what the checkpoints' spacing and the censoring alone leave open."""
    spread: float | None
    """σ: standard deviation of log t around the law; 0 where it can be without."""
    runs: int
    seen: int
    """Runs whose event lies between two checkpoints."""
    reason: str | None = None

    def excludes(self, exponent: float) -> bool | None:
        """Whether an α is outside the interval; None where there is no interval."""
        return None if self.interval is None else not self.interval.low <= exponent <= self.interval.high


def update_exponent(runs: Sequence[RunEvent], level: float = LEVEL) -> UpdateExponent:
    """α over runs of at least two sizes; runs of one size (seeds) each count.

    The runs must differ in batch × context alone: learning rate, schedule and data as they are, or α is of those too.
    They are taken as independent. Raises EvaluationError where all have one size, or an event is at step 0.
    """
    _check(runs)
    bounds = np.array([run.tokens for run in runs], dtype=np.float64)  # [run, 2]
    with np.errstate(divide="ignore"):
        times = LogTimes(*np.log(bounds).T)
    size = np.log(np.array([run.tokens_per_update for run in runs], dtype=np.float64))
    exact = exact_exponents(times, size)
    seen = int(times.is_interval.sum())
    if seen:  # centred: the same exponents, better conditioned
        size, times = size - size.mean(), times - np.full(len(size), times.high[times.is_interval].mean())
    if len(np.unique(size[times.is_interval])) < 2:
        interval = _bounds(times, size, level) if seen >= FEWEST_SEEN else None
        reason = "events were seen in runs of fewer than two sizes: only bounds can be given"
        return UpdateExponent(None, interval, exact, None, len(size), seen, reason)
    return _estimate(times, size, exact, level)


def _bounds(times: LogTimes, size: Floats, level: float) -> Interval:
    """What runs of one size, and others that ended before their event, exclude."""
    values = np.array([profile(times, size, exponent) for exponent in LIKELY])
    best = float(values.max())
    start = float(LIKELY[np.argmax(values >= best - CLOSE)])
    floor = best - _cut(times, 0.0, level) / 2
    return Interval(_end(times, size, start, -1, floor), _end(times, size, start, 1, floor), level)


def _estimate(times: LogTimes, size: Floats, exact: Interval | None, level: float) -> UpdateExponent:
    seen = int(times.is_interval.sum())
    if exact is not None:
        low, high = (max(-MOST, exact.low), min(MOST, exact.high))
        estimate, best, spread = (low + high) / 2, 0.0, 0.0
    else:
        found = fit(times, np.column_stack([np.ones(len(size)), size]))
        estimate, best, spread = float(found.slopes[1]), found.log_likelihood, found.standard_deviation
        low = high = estimate
    if seen < FEWEST_SEEN:
        reason = f"{seen} events were seen; {FEWEST_SEEN} are needed to tell noise from slope"
        return UpdateExponent(estimate, None, exact, spread, len(size), seen, reason)
    floor = best - _cut(times, spread, level) / 2
    ends = (_end(times, size, low, -1, floor), _end(times, size, high, 1, floor))
    return UpdateExponent(estimate, Interval(*ends, level), exact, spread, len(size), seen)


def _cut(times: LogTimes, spread: float, level: float) -> float:
    """How much less 2 ℓ may be than at its maximum, where noise has this standard deviation."""
    width = (times.high - times.low)[times.is_interval]
    seen = max(float(FEWEST_SEEN), float((spread**2 / (spread**2 + width**2 / 12)).sum()))
    return seen * log1p(student_quantile(0.5 + level / 2, seen - 2) ** 2 / (seen - 2))


def _end(times: LogTimes, size: Floats, start: float, direction: int, floor: float) -> float:
    """Where the profile falls to `floor`, from `start` on in one direction: it has one peak, so it does so once."""

    def is_inside(exponent: float) -> bool:
        return profile(times, size, exponent) >= floor

    inside, reach = 0.0, 0.25
    while is_inside(start + direction * reach):
        inside, reach = reach, 2 * reach
        if reach > MOST:
            return direction * inf
    while reach - inside > CLOSE:
        middle = (inside + reach) / 2
        inside, reach = (middle, reach) if is_inside(start + direction * middle) else (inside, middle)
    return start + direction * inside


def exact_exponents(times: LogTimes, size: Floats) -> Interval | None:
    """Every α for which some line a + α · size [run] passes through all of times [run]; None where none does.

    The intervals of a that the runs leave, given α, have a point in common where every two of them do.
    """
    # low_other − α size_other ≤ high_run − α size_run  ⇔  α · distance ≤ room
    room = times.high[:, None] - times.low[None, :]  # [run, other]
    distance = size[:, None] - size[None, :]  # [run, other]
    if (room[distance == 0] < 0).any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = room / distance
    high = float(slope[distance > 0].min(initial=inf))
    low = float(slope[distance < 0].max(initial=-inf))
    return Interval(low, high, 1.0) if low <= high else None


def _check(runs: Sequence[RunEvent]) -> None:
    sizes = {run.tokens_per_update for run in runs}
    if len(sizes) < 2 or min(sizes) < 1:
        raise EvaluationError(
            f"{len(runs)} runs of {len(sizes)} sizes (batch × context) were given: at least two sizes are needed."
        )
    at_start = [run for run in runs if run.crossing.step is not None and run.crossing.step < 1]
    if at_start:
        raise EvaluationError(
            f"{len(at_start)} of {len(runs)} runs have the event at step 0, before any training: raise the threshold."
        )
