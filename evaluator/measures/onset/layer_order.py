"""Whether heads form layer by layer: Spearman of layer against formation step, and what it is if layers mean nothing.

COPY (arXiv 2409.09281) says that induction heads form from shallow to deep layers. Nothing here runs a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.measures.onset.formation import Formation
from evaluator.scored import Flags, Floats, Integers
from exposure.errors import EvaluationError

Heads = Literal["all", "formed"]
"""`all`: heads that never form count as later than all others, tied. `formed`: they are left out. Where few heads form,
`all` is mostly about in which layers any do, and `formed` about when."""

DRAWS = 999

ROUNDING = 1e-9
"""Coefficients less than this apart are equal."""


@dataclass(frozen=True, slots=True)
class LayerOrder:
    """Spearman's coefficient of layer against t*, the mean over runs, among those of permuted layers."""

    theta: float
    heads: Heads
    coefficient: float | None
    """The mean over runs; None where no run has one, and `reason` says why."""
    by_run: tuple[float | None, ...]
    """One a run; None where fewer than two layers or two different steps are left."""
    formed: tuple[int, ...]
    """Heads that reach θ, one number a run."""
    p_shallow_first: float | None
    """How often permuted layers have at least as large a coefficient: one-tailed, COPY's claim."""
    p_two_sided: float | None
    """How often they have at least as large an absolute one."""
    draws: int
    reason: str | None = None


def spearman(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation of two arrays [place], ties at their mean rank, ∞ tied last; None if one is constant.

    Pearson's coefficient of the ranks (Spearman 1904, The proof and measurement of association between two things).
    """
    first, second = _ranks(one), _ranks(other)
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size > 0 else None


def _ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[places], dtype=np.float64)


def layer_order(runs: Sequence[Formation], heads: Heads = "all", draws: int = DRAWS, seed: int = 0) -> LayerOrder:
    """The test over runs that differ in seed only, each with its formation steps at one θ.

    The null permutes the layers of each run whole, apart from the other runs: heads of one layer share what comes
    before them and are not independent, so permuting heads would be too sure. p = (c + 1) / (draws + 1) (Phipson and
    Smyth 2010); with n layers in one run it cannot be much below 1 / n!, so two or three layers cannot tell alone.
    Raises EvaluationError where there is no run, or runs differ in θ or first layer.
    """
    _check(runs)
    observed = [_coefficient(run, np.arange(len(run.layers)), heads) for run in runs]
    formed = tuple(int(run.has_formed.sum()) for run in runs)
    kept = [run for run, found in zip(runs, observed, strict=True) if found is not None]
    if not kept:
        reason = "no run has heads of two layers that form at two different steps"
        return LayerOrder(runs[0].theta, heads, None, tuple(observed), formed, None, None, 0, reason)
    coefficient = float(np.mean([found for found in observed if found is not None]))
    null = _null(kept, heads, draws, seed)
    return LayerOrder(
        theta=runs[0].theta,
        heads=heads,
        coefficient=coefficient,
        by_run=tuple(observed),
        formed=formed,
        p_shallow_first=_share(null >= coefficient - ROUNDING),
        p_two_sided=_share(np.abs(null) >= abs(coefficient) - ROUNDING),
        draws=draws,
    )


def _coefficient(run: Formation, layers: Integers, heads: Heads) -> float | None:
    """Of t* against layers [layer] given to the run's layers in this order."""
    of_head = np.repeat(layers[:, None], run.steps.shape[1], axis=1)
    kept = run.has_formed if heads == "formed" else np.ones(run.steps.shape, dtype=bool)
    if not kept.any():
        return None
    return spearman(of_head[kept].astype(np.float64), run.steps[kept])


def _null(runs: Sequence[Formation], heads: Heads, draws: int, seed: int) -> Floats:
    """[draw] The mean coefficient of runs whose layers are permuted."""
    generator = np.random.default_rng(seed)
    orders = [[generator.permutation(len(run.layers)) for run in runs] for _ in range(draws)]
    found = [
        _coefficients(run, np.array([order[place] for order in orders]), heads)  # [draw, layer]
        for place, run in enumerate(runs)
    ]
    return np.asarray(np.mean(found, axis=0))


def _coefficients(run: Formation, orders: Integers, heads: Heads) -> Floats:
    """[draw] `_coefficient` of each of many orders [draw, layer], by sums over layers: ranks of steps stay the same."""
    kept = run.has_formed if heads == "formed" else np.ones(run.steps.shape, dtype=bool)
    ranks = np.zeros(run.steps.shape)
    ranks[kept] = _ranks(run.steps[kept])
    ranks[kept] -= ranks[kept].mean()
    sizes = kept.sum(axis=1)  # [layer] heads
    ends = np.cumsum(np.take_along_axis(np.tile(sizes, (len(orders), 1)), np.argsort(orders, axis=1), axis=1), axis=1)
    middles = np.take_along_axis(ends, orders, axis=1) - (sizes - 1) / 2 - (sizes.sum() + 1) / 2
    spread = (sizes * middles**2).sum(axis=1) * (ranks**2).sum()
    return np.asarray(middles @ ranks.sum(axis=1) / np.sqrt(spread))


def _share(is_as_large: Flags) -> float:
    return (int(is_as_large.sum()) + 1) / (len(is_as_large) + 1)


def _check(runs: Sequence[Formation]) -> None:
    if not runs:
        raise EvaluationError("The order of layers was asked for without a run: give one formation for each seed.")
    if len({(run.theta, run.first_layer, len(run.layers)) for run in runs}) > 1:
        raise EvaluationError("Runs with different θ, first layer or number of layers were given: compare like runs.")
