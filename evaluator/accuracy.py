"""Accuracy by checkpoint: of a group of pairs, and by paradigm, phenomenon, field and overall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.bootstrap import LemmaBootstrap, Side
from evaluator.conventions import Convention
from evaluator.draw_intervals import bounds_of
from evaluator.intervals import LEVEL, wilson
from evaluator.pooling import Pool
from evaluator.scored import Flags, Floats, Integers, ScoredSeries
from evaluator.terms import field_of, phenomenon_of
from exposure.errors import EvaluationError

Level = Literal["paradigm", "phenomenon", "field", "overall"]


@dataclass(frozen=True, slots=True)
class AccuracyRequest:
    """How accuracies get their intervals. The same request over the same scores gives the same numbers."""

    resamples: int = 1000
    level: float = LEVEL
    seed: int = 0

    def __post_init__(self) -> None:
        """Something to draw, and a level between 0 and 1."""
        if self.resamples < 1 or not 0 < self.level < 1:
            raise EvaluationError(
                f"{self.resamples} resamples at a level of {self.level}: at least 1, and a level between 0 and 1 such "
                "as 0.95, are expected."
            )


@dataclass(frozen=True)
class AccuracyCurve:
    """The accuracy of one group of pairs by checkpoint. Of an empty group `pairs` is 0 and all shares are NaN."""

    steps: Integers  # [checkpoint]
    pairs: Integers  # [checkpoint] how many are averaged over
    accuracy: Floats  # [checkpoint]
    wilson_low: Floats  # [checkpoint] as if pairs were independent
    wilson_high: Floats  # [checkpoint]
    bootstrap_low: Floats  # [checkpoint] lemmas resampled
    bootstrap_high: Floats  # [checkpoint]
    ties: Integers  # [checkpoint] pairs with equal scores; the convention says what they count
    mean_delta: Floats  # [checkpoint] nats, or nats a token or byte, as the convention norms


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy of one paradigm, phenomenon or field, or of all; a paradigm's `macro` is its accuracy."""

    level: Level
    name: str
    """"" where the file of pairs names no phenomenon or field."""
    paradigms: tuple[str, ...]
    macro: Floats  # [checkpoint] mean over paradigms
    macro_low: Floats  # [checkpoint] lemma bootstrap, one resample for all paradigms and checkpoints
    macro_high: Floats  # [checkpoint]
    pooled: AccuracyCurve
    """Over pairs, whatever their paradigm."""


@dataclass(frozen=True)
class AccuracyReport:
    """Paradigms, then phenomena, then fields, each in alphabetical order, then overall."""

    request: AccuracyRequest
    convention: Convention
    steps: Integers  # [checkpoint]
    groups: tuple[GroupAccuracy, ...]


@dataclass(frozen=True)
class _Paradigm:
    series: ScoredSeries  # its scored pairs
    bootstrap: LemmaBootstrap
    side: Side

    def name(self, level: Level) -> str:
        pairs = self.series.pairs
        names = {"paradigm": pairs.uid[0], "phenomenon": phenomenon_of(pairs.phenomenon[0]), "overall": "overall"}
        return field_of(pairs.field[0]) if level == "field" else names[level]


def curve_of(series: ScoredSeries, is_in: Flags, side: Side, level: float = LEVEL) -> AccuracyCurve:
    """The curve of the pairs marked in `is_in` [pair], which `side` has added up."""
    ties, delta = series.ties[:, is_in].sum(axis=1), series.delta[:, is_in].sum(axis=1)
    return _curve(series.steps, side, level, ties, delta)


def _curve(steps: Integers, side: Side, level: float, ties: Integers, delta_sums: Floats) -> AccuracyCurve:
    pairs = np.full(len(steps), side.pairs, dtype=np.int64)
    trials = np.where(pairs > 0, pairs, np.nan)
    wilson_low, wilson_high = wilson(side.sums, trials, level)
    low, high = bounds_of(side.accuracies(side.scale), level, side.effective)
    return AccuracyCurve(
        steps=steps,
        pairs=pairs,
        accuracy=side.sums / trials,
        wilson_low=wilson_low,
        wilson_high=wilson_high,
        bootstrap_low=np.where(pairs > 0, np.maximum(low, 0), np.nan),
        bootstrap_high=np.where(pairs > 0, np.minimum(high, 1), np.nan),
        ties=ties,
        mean_delta=delta_sums / trials,
    )


def analyse_accuracy(series: ScoredSeries, request: AccuracyRequest) -> AccuracyReport:
    """Accuracies of all scored pairs at all levels. Raises EvaluationError where no pair is scored."""
    scored = [series.of_paradigm(uid) for uid in series.pairs.places_of]
    paradigms = [_paradigm(one, request) for one in scored if len(one.pairs)]
    if not paradigms:
        raise EvaluationError("The scoring method applies to none of these pairs: there is no accuracy to report.")
    groups = [group for level in _LEVELS for group in _groups(level, paradigms, request)]
    return AccuracyReport(request, series.convention, series.steps, tuple(groups))


_LEVELS: tuple[Level, ...] = ("paradigm", "phenomenon", "field", "overall")


def _paradigm(series: ScoredSeries, request: AccuracyRequest) -> _Paradigm:
    bootstrap = LemmaBootstrap.of(series.pairs, series.credit, request.resamples, request.seed)
    return _Paradigm(series, bootstrap, bootstrap.side(np.ones(len(series.pairs), dtype=bool)))


def _groups(level: Level, paradigms: list[_Paradigm], request: AccuracyRequest) -> list[GroupAccuracy]:
    members: dict[str, list[_Paradigm]] = {}
    for paradigm in paradigms:
        members.setdefault(paradigm.name(level), []).append(paradigm)
    return [_group(level, name, members[name], request) for name in sorted(members)]


def _group(level: Level, name: str, members: list[_Paradigm], request: AccuracyRequest) -> GroupAccuracy:
    pool = Pool.of([one.bootstrap.units for one in members], [one.side for one in members])
    low, high = bounds_of(pool.resampled_macro, request.level, pool.effective)
    uids = tuple(one.name("paradigm") for one in members)
    pooled = _pooled_curve(members, pool, request.level)
    return GroupAccuracy(level, name, uids, pool.macro, np.maximum(low, 0), np.minimum(high, 1), pooled)


def _pooled_curve(members: list[_Paradigm], pool: Pool, level: float) -> AccuracyCurve:
    ties = sum((one.series.ties.sum(axis=1) for one in members), np.zeros(1, dtype=np.int64))
    delta_sums = sum((one.series.delta.sum(axis=1) for one in members), np.zeros(1))
    return _curve(members[0].series.steps, pool.pooled, level, ties, delta_sums)
