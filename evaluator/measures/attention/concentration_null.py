"""Concentration of the gain in attention, with intervals, against what an equally distant other place gains.

A difference of the word's figure and its control's is free of what noise alone does to such figures, as far as both
have the same noise. Null: word and control exchanged, cluster by cluster, at random; where the word is no more than
another place so far away, every such arrangement is as likely as the one observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.draw_intervals import bounds_of
from evaluator.intervals import LEVEL
from evaluator.measures.attention.attention_change import AttentionChange
from evaluator.measures.attention.concentration import TOP, bounds, concentration, direction
from evaluator.measures.attention.resampled_means import HeadBootstrap
from evaluator.measures.attention.sign_flips import cluster_sums, flipped_signs
from evaluator.scored import Flags, Floats, Integers

NO_PAIR = "no pair has both words and a control"
ONE_CLUSTER = "one cluster only: nothing can be resampled or exchanged"
NOTHING_ROSE = "no head gained attention to the word"
ROUNDING = 1e-9
"""Figures less than this apart are equal."""


@dataclass(frozen=True, slots=True)
class ConcentrationFigure:
    """One figure of the word's gain, of the control's, and their difference. NaN: it cannot be said."""

    name: str
    word: float
    word_low: float
    word_high: float
    control: float
    control_low: float
    control_high: float
    difference: float
    difference_low: float
    difference_high: float
    null_low: float
    """2.5 % quantile of the difference where word and control are exchanged at random."""
    null_median: float
    null_high: float
    p: float | None
    """One-tailed: how often exchange makes the word at least as much more concentrated (or larger)."""
    reason: str | None = None
    """Why there is no p."""


@dataclass(frozen=True)
class ConcentrationTest:
    """All figures of one change, over the same pairs."""

    figures: tuple[ConcentrationFigure, ...]
    pairs: int
    clusters: int
    effective: float
    """Effective number of clusters."""
    draws: int

    def __getitem__(self, name: str) -> ConcentrationFigure:
        return next(figure for figure in self.figures if figure.name == name)


def concentration_test(
    change: AttentionChange,
    bootstrap: HeadBootstrap,
    *,
    draws: int = 1000,
    seed: int = 0,
    top: tuple[int, ...] = TOP,
    is_in: Flags | None = None,
) -> ConcentrationTest:
    """The figures of concentration.py for the mean Δ by head, over pairs with a control (and marked in `is_in` [pair]).

    Noise spreads positive parts over heads: figures of the word or the control alone come out less concentrated than
    the truth, and resampling adds as much again. Their intervals are therefore basic bootstrap limits, 2 θ̂ − quantile
    (Davison and Hinkley 1997, Bootstrap Methods and their Application, section 5.2), which take part of that off, not
    all. Intervals of the difference are percentiles, which lean towards 0. Conclude from the difference and its p: the
    larger of two, word and control being exchanged by critical and by context lemma. So with four context words no p is
    below 1/16, however many pairs there are. The same `seed`, the same numbers.
    """
    used = change.has_control & (True if is_in is None else is_in)
    n_pairs, n_heads = len(used), int(np.prod(change.weight.shape[1:]))
    both = np.concatenate([one.reshape(n_pairs, n_heads) for one in (change.weight, change.control)], axis=1)
    clusters = len(np.unique(bootstrap.clusters[used]))
    if not used.any():
        return ConcentrationTest(_unsaid(n_heads, top), 0, 0, 0.0, draws)
    observed = _figures(both[used].mean(axis=0)[None], top)
    resampled = _figures(_resampled(both, used, bootstrap), top)
    exchanged = [_figures(_exchanged(both[used], units[used], draws, seed), top) for units in _exchangeable(bootstrap)]
    effective = bootstrap.effective(used)
    reason = ONE_CLUSTER if clusters < 2 else None
    figures = tuple(
        _figure(name, n_heads, observed[name], resampled[name], [one[name] for one in exchanged], effective, reason)
        for name in observed
    )
    return ConcentrationTest(figures, len(np.flatnonzero(used)), clusters, effective, draws)


_Both = tuple[Floats, Floats]
"""A figure of the word and of the control, [draw] each."""


def _figures(means: Floats, top: tuple[int, ...]) -> dict[str, _Both]:
    """Of means [draw, word's heads then control's]."""
    word, control = (concentration(half, top) for half in np.split(means, 2, axis=1))
    return {name: (word[name], control[name]) for name in word}


def _resampled(both: Floats, used: Flags, bootstrap: HeadBootstrap) -> Floats:
    """[resample, column] Means drawn towards the sample as the word's total gain has to be (two_way_variance.py)."""
    chosen = both[used]
    word = np.split(chosen, 2, axis=1)[0]
    rose = word.mean(axis=0) > 0
    influence = (word - word.mean(axis=0))[:, rose].sum(axis=1) / len(chosen)
    return bootstrap.means(both, used, bootstrap.scale(influence, used))


def _exchangeable(bootstrap: HeadBootstrap) -> list[Integers]:
    """[pair] Numbers of what is exchanged whole: critical lemmas; context lemmas too, where pairs share any."""
    context = bootstrap.context
    if not (context >= 0).any():
        return [bootstrap.clusters]
    own = context.max() + 1 + np.arange(len(context))
    return [bootstrap.clusters, np.where(context >= 0, context, own)]


def _exchanged(chosen: Floats, clusters: Integers, draws: int, seed: int) -> Floats:
    """[draw, column] Means where each cluster keeps word and control or exchanges them."""
    word, control = np.split(cluster_sums(chosen, clusters), 2, axis=1)
    signs = flipped_signs(draws, len(word), np.random.default_rng([seed, 1]))
    middle, half = (word + control).sum(axis=0) / 2, signs @ ((word - control) / 2)
    return np.asarray(np.concatenate([middle + half, middle - half], axis=1) / len(chosen))


def _figure(
    name: str,
    n_heads: int,
    observed: _Both,
    resampled: _Both,
    exchanged: list[_Both],
    effective: float,
    reason: str | None,
) -> ConcentrationFigure:
    low, high = bounds(name, n_heads)
    word, control = (float(one[0]) for one in observed)
    difference, nulls = word - control, [one - other for one, other in exchanged]
    worst, null = max(
        ((_p(direction(name) * difference, direction(name) * one), one) for one in nulls), key=lambda both: both[0]
    )
    if np.isnan(difference):
        reason = reason or NOTHING_ROSE
    return ConcentrationFigure(
        name,
        word,
        *_basic_limits(word, resampled[0], effective, (low, high)),
        control,
        *_basic_limits(control, resampled[1], effective, (low, high)),
        difference,
        *_percentiles(difference, resampled[0] - resampled[1], effective),
        *_quantiles(null),
        p=None if reason else worst,
        reason=reason,
    )


def _basic_limits(
    estimate: float, draws: Floats, effective: float, possible: tuple[float, float]
) -> tuple[float, float]:
    """2 θ̂ − the percentiles, within what is possible."""
    below, above = _percentiles(estimate, draws, effective)
    low, high = np.clip([2 * estimate - above, 2 * estimate - below], *possible)
    return float(low), float(high)


def _percentiles(estimate: float, draws: Floats, effective: float) -> tuple[float, float]:
    """NaN where there is no estimate; infinite where too many draws have none."""
    if np.isnan(estimate):
        return float("nan"), float("nan")
    below, above = bounds_of(draws, LEVEL, effective)
    return float(below), float(above)


def _quantiles(null: Floats) -> tuple[float, float, float]:
    defined = null[~np.isnan(null)]
    if not len(defined):
        return (float("nan"),) * 3
    low, median, high = np.quantile(defined, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return float(low), float(median), float(high)


def _p(observed: float, null: Floats) -> float:
    """(b + 1) / (m + 1); a draw without a figure counts as at least as large, to be safe."""
    return float(((np.isnan(null) | (null >= observed - ROUNDING)).sum() + 1) / (len(null) + 1))


def _unsaid(n_heads: int, top: tuple[int, ...]) -> tuple[ConcentrationFigure, ...]:
    nothing = (float("nan"),) * 12
    return tuple(ConcentrationFigure(name, *nothing, None, NO_PAIR) for name in concentration(np.zeros(n_heads), top))
