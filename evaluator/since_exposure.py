"""Accuracy by time since first exposure, on a cohort that stays the same: for the policy seen-by, which has no lags.

Under seen-by the sets grow from checkpoint to checkpoint, and composition alone moves their curves. Here every pair of
the cohort has a checkpoint in every bin of time, so bins differ in time only (method.md, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluator.bootstrap import LemmaBootstrap
from evaluator.draw_intervals import bounds_of
from evaluator.intervals import LEVEL, wilson
from evaluator.scored import Flags, Floats, Integers, ScoredSeries
from exposure.errors import EvaluationError

NEVER = -1
"""The first step of a pair that was never exposed."""


@dataclass(frozen=True, slots=True)
class SinceExposureRequest:
    """Which bins of time, and how intervals are drawn."""

    before: int = 1
    """Bins before the first exposure."""
    after: int = 5
    """Bins from it on."""
    width: int | None = None
    """Steps of a bin; None for the gap between checkpoints that lets most pairs into the cohorts."""
    resamples: int = 1000
    level: float = LEVEL
    seed: int = 0


@dataclass(frozen=True)
class SinceExposure:
    """One paradigm's accuracy by time since first exposure."""

    uid: str
    edges: Integers  # [bin + 1] steps since the first checkpoint that could have seen the pair; bins are half-open
    pairs: int
    """Of the cohort: first exposure known exactly, and a checkpoint in every bin."""
    accuracy: Floats  # [bin] mean over pairs of their mean over the bin's checkpoints; NaN where pairs is 0
    wilson_low: Floats  # [bin]
    wilson_high: Floats  # [bin]
    bootstrap_low: Floats  # [bin]
    bootstrap_high: Floats  # [bin]
    never_exposed: Floats  # [bin] pairs never exposed, at the same training steps in the same shares; NaN for none
    unknown: int
    """Left out: the first exposure is only a bound."""
    never: int
    """Never exposed, and known not to be."""
    out_of_range: int
    """Left out: exposed so early or so late that a bin has no checkpoint."""


def accuracy_since_exposure(
    series: ScoredSeries, first_step: Integers, is_exact: Flags, request: SinceExposureRequest
) -> tuple[SinceExposure, ...]:
    """By paradigm, in alphabetical order. `first_step` [pair] is the smallest checkpoint that has seen the pair, or
    NEVER; `is_exact` [pair] is False where either is only a bound. Raises EvaluationError for arrays of another length.
    """
    if not len(first_step) == len(is_exact) == len(series.pairs):
        raise EvaluationError(
            f"First exposures of {len(first_step):,} pairs for scores of {len(series.pairs):,}: one each is expected."
        )
    if request.width is None:
        known = first_step[is_exact & (first_step != NEVER) & series.is_scored]
        request = replace(request, width=bin_width(series.steps, known, request))
    places = [places[series.is_scored[places]] for places in series.pairs.places_of.values()]
    return tuple(
        _paradigm(series.take(mine), first_step[mine], is_exact[mine], request) for mine in places if len(mine)
    )


def bin_width(steps: Integers, first_step: Integers, request: SinceExposureRequest) -> int:
    """Of the gaps between checkpoints the one as a bin with which most pairs, first exposed at `first_step` [pair],
    have a checkpoint in every bin; of equals the widest. It looks at times alone, never at scores. 1 without a gap.
    """
    gaps = np.unique(np.diff(steps)).tolist()
    times, pairs = np.unique(first_step, return_counts=True)
    held = [(int(pairs[_is_covered(steps, times, bin_edges(gap, request))].sum()), gap) for gap in gaps]
    return max(held, default=(0, 1))[1]


def _is_covered(steps: Integers, first_step: Integers, edges: Integers) -> Flags:
    """[pair] Whether a checkpoint lies in every bin."""
    before = np.searchsorted(steps, first_step[None, :] + edges[:, None])  # [edge, pair] checkpoints before the edge
    return np.asarray((np.diff(before, axis=0) > 0).all(axis=0))


def bin_edges(width: int, request: SinceExposureRequest) -> Integers:
    """[bin + 1] Edges in steps since first exposure."""
    return np.arange(-request.before, request.after + 1, dtype=np.int64) * width


def _paradigm(
    series: ScoredSeries, first_step: Integers, is_exact: Flags, request: SinceExposureRequest
) -> SinceExposure:
    edges = bin_edges(request.width or 1, request)
    is_exposed = is_exact & (first_step != NEVER)
    shares = _shares(series.steps, first_step, edges)  # [bin, checkpoint, pair]
    is_in = is_exposed & (shares.sum(axis=1) > 0).all(axis=0)
    is_never = is_exact & (first_step == NEVER)
    by_bin = np.einsum("bcp,cp->bp", shares, series.credit)  # [bin, pair]
    side = LemmaBootstrap.of(series.pairs, by_bin, request.resamples, request.seed).side(is_in)
    trials = np.full(len(edges) - 1, side.pairs or np.nan)
    wilson_low, wilson_high = wilson(side.sums, trials, request.level)
    low, high = bounds_of(side.accuracies(side.scale), request.level, side.effective)
    return SinceExposure(
        uid=series.pairs.uid[0],
        edges=edges,
        pairs=side.pairs,
        accuracy=side.sums / trials,
        wilson_low=wilson_low,
        wilson_high=wilson_high,
        bootstrap_low=np.where(np.isnan(trials), np.nan, np.maximum(low, 0)),
        bootstrap_high=np.where(np.isnan(trials), np.nan, np.minimum(high, 1)),
        never_exposed=_at_the_same_steps(series.credit[:, is_never], shares[:, :, is_in]),
        unknown=int((~is_exact).sum()),
        never=int(is_never.sum()),
        out_of_range=int((is_exposed & ~is_in).sum()),
    )


def _shares(steps: Integers, first_step: Integers, edges: Integers) -> Floats:
    """[bin, checkpoint, pair] What each checkpoint counts in each bin of a pair: they share a bin equally."""
    since = steps[:, None] - first_step[None, :]  # [checkpoint, pair]
    inside = (since >= edges[:-1, None, None]) & (since < edges[1:, None, None])
    return np.asarray(inside / np.maximum(inside.sum(axis=1, keepdims=True), 1))


def _at_the_same_steps(credit: Floats, shares: Floats) -> Floats:
    """[bin] Accuracy of other pairs, credit [checkpoint, pair], where a cohort's checkpoints lie."""
    if not credit.shape[1] or not shares.shape[2]:
        return np.full(shares.shape[0], np.nan)
    return np.asarray(shares.mean(axis=2) @ credit.mean(axis=1))
