"""Intervals of a half-rise lag, made in the way that is used and in others that were tried."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.delay_worlds import Truth, World
from evaluator.bootstrap import LemmaBootstrap, Side
from evaluator.delay_report import DelayRequest
from evaluator.draw_intervals import interval_of
from evaluator.half_rise import half_rise_steps, plateau_checkpoints
from evaluator.scored import NO_CLUSTER, Floats, Integers, ScoredSeries
from evaluator.split import Split


@dataclass(frozen=True)
class Tried:
    """A way to make the interval of a half-rise lag, and what came of it."""

    covered: float
    width: float
    """Median, in steps."""


def tried_intervals(world: World, samples: int, request: DelayRequest) -> dict[str, Tried]:
    """Half-rise lag: the way that is used, and others that were tried."""
    truth, found = Truth.of(world).half_rise_lag, dict[str, list[tuple[float, float]]]()
    for number in range(samples):
        series, split = world.draw(np.random.default_rng([0, number]))
        for name, bounds in _tried(series, split, replace(request, seed=number)).items():
            found.setdefault(name, []).append(bounds)
    return {
        name: Tried(
            float(np.mean([low <= truth <= high for low, high in all_bounds])),
            float(np.median([high - low for low, high in all_bounds])),
        )
        for name, all_bounds in found.items()
    }


def _tried(series: ScoredSeries, split: Split, request: DelayRequest) -> dict[str, tuple[float, float]]:
    no_context = replace(series.pairs, context_lemma=(NO_CLUSTER,) * len(series.pairs))
    no_lemma = replace(no_context, critical_lemma=(NO_CLUSTER,) * len(series.pairs))
    crossed = _resamples(series, split, request)
    used = interval_of(crossed.draws(crossed.scale), request.level, crossed.effective)
    low, high = _percentiles(crossed.draws(crossed.scale))
    return {
        "used: scaled, expanded": (used.low, used.high),
        "scaled": (low, high),
        "scaled, basic": (2 * crossed.observed - high, 2 * crossed.observed - low),
        "crossed": _percentiles(crossed.draws(1.0)),
        "critical lemmas only": _percentiles(_resamples(replace(series, pairs=no_context), split, request).draws(1.0)),
        "pairs only": _percentiles(_resamples(replace(series, pairs=no_lemma), split, request).draws(1.0)),
    }


@dataclass(frozen=True)
class _Resamples:
    train: Side
    validation: Side
    scale: float
    steps: Integers

    @property
    def effective(self) -> float:
        return min(self.train.effective, self.validation.effective)

    @property
    def observed(self) -> float:
        return float(self._lag(self.train.accuracy, self.validation.accuracy))

    def draws(self, scale: float) -> Floats:
        return self._lag(self.train.accuracies(scale), self.validation.accuracies(scale))

    def _lag(self, train: Floats, validation: Floats) -> Floats:
        last = plateau_checkpoints(len(self.steps)) or 0
        return half_rise_steps(validation, self.steps, last) - half_rise_steps(train, self.steps, last)


def _resamples(series: ScoredSeries, split: Split, request: DelayRequest) -> _Resamples:
    bootstrap = LemmaBootstrap.of(series.pairs, series.credit, request.resamples, request.seed)
    train, validation = bootstrap.side(split.is_train), bootstrap.side(split.is_validation)
    return _Resamples(train, validation, bootstrap.scale(validation.influence - train.influence), series.steps)


def _percentiles(draws: Floats) -> tuple[float, float]:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return float(low), float(high)
