"""Proxy-train against proxy-validation of one paradigm: curves as they are, resampled, and under permuted labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluator.bootstrap import LemmaBootstrap, Side
from evaluator.clusters import critical_clusters
from evaluator.delay_report import DelayRequest, TestedLag
from evaluator.draw_intervals import interval_of
from evaluator.intervals import Interval
from evaluator.nulls import NullCurves, NullTest, null_test, random_split_curves, within_lemma_curves
from evaluator.scored import Flags, Floats, Integers, ScoredSeries
from evaluator.split import Split

LagOfCurves = Callable[[Floats, Floats], Floats]
"""Curves of proxy-train and of proxy-validation, both [draw, checkpoint] → their lags [draw]; NaN for none."""


@dataclass(frozen=True)
class Groups:
    """The pairs of one paradigm on both sides."""

    is_train: Flags  # [pair]
    is_validation: Flags  # [pair]
    train: Side
    validation: Side

    @classmethod
    def of(cls, bootstrap: LemmaBootstrap, parts: Split) -> Groups:
        """The groups of a split of the paradigm's pairs; a side may be empty."""
        is_train, is_validation = parts.is_train, parts.is_validation
        return cls(is_train, is_validation, bootstrap.side(is_train), bootstrap.side(is_validation))


@dataclass(frozen=True)
class Comparison:
    """Both sides of one paradigm; neither is empty."""

    steps: Integers  # [checkpoint]
    request: DelayRequest
    train: Side
    validation: Side
    resampled_train: Floats  # [resample, checkpoint] scaled for differences of the two sides
    resampled_validation: Floats  # [resample, checkpoint]
    random_split: NullCurves
    within_lemma: NullCurves

    @property
    def effective(self) -> float:
        """Effective number of clusters of the side that has fewer."""
        return min(self.train.effective, self.validation.effective)

    def interval(self, of_curves: LagOfCurves) -> Interval:
        """The lemma bootstrap of a figure of both curves."""
        draws = of_curves(self.resampled_train, self.resampled_validation)
        return interval_of(draws, self.request.level, self.effective)

    def tested(self, lag: LagOfCurves, interval: Interval | None, missing: str | None, note: str | None) -> TestedLag:
        """A lag with its interval and nulls; `missing` says why there is none, `note` what to know of the one there is.

        `lag` gives a number to every draw that can have one, so that the observed one can be tested.
        """
        observed = lag(self.train.accuracy[None], self.validation.accuracy[None])
        return TestedLag(
            steps=None if missing else float(observed[0]),
            interval=None if missing else interval,
            random_split=_test(self.random_split, lag, missing),
            within_lemma=_test(self.within_lemma, lag, missing),
            reason=missing or note,
        )


def _test(null: NullCurves, lag: LagOfCurves, missing: str | None) -> NullTest:
    return null_test(null.test, lag(null.train, null.validation), missing or null.reason)


def compare(series: ScoredSeries, bootstrap: LemmaBootstrap, groups: Groups, request: DelayRequest) -> Comparison:
    """Compare the two groups of pairs of one paradigm, both with a pair at least."""
    train, validation = groups.train, groups.validation
    either = np.flatnonzero(groups.is_train | groups.is_validation)
    credit, labels = series.credit[:, either], groups.is_train[either]
    clusters = critical_clusters(series.pairs.take(either))
    seeds = _seeds(request.seed, series.pairs.uid[0])
    scale = bootstrap.scale(validation.influence - train.influence)
    return Comparison(
        steps=series.steps,
        request=request,
        train=train,
        validation=validation,
        resampled_train=train.accuracies(scale),
        resampled_validation=validation.accuracies(scale),
        random_split=random_split_curves(credit, labels, request.permutations, seeds[0]),
        within_lemma=within_lemma_curves(credit, labels, clusters, request.permutations, seeds[1]),
    )


def _seeds(seed: int, uid: str) -> tuple[list[int], list[int]]:
    """Of both tests: from the seed and the paradigm alone, whichever others are analysed with it."""
    name = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8])
    return [seed, name, 0], [seed, name, 1]
