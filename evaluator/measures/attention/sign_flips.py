"""Sign flips of whole clusters, and the max-T test over heads: what chance makes of the best of many heads.

Where a word is no more than another place, word and control can be exchanged: in each cluster their difference is as
likely to have either sign. Studentised by √Σ S² over the cluster sums S, which no flip changes; it orders arrangements
as Student's t does. Westfall and Young (1993), Resampling-Based Multiple Testing, section 2.3 (single-step max T);
p = (b + 1) / (m + 1) by Phipson and Smyth (2010), Permutation p-values should never be zero, SAGMB 9(1), 39.

Flips of one factor take its clusters as independent. Where clusters share the levels of a second factor (context
lemmas), what that adds to the variance, V₂ − V₁₂ of centred values (Cameron, Gelbach and Miller 2011, see
two_way_variance.py), is added to Σ S²: no longer exact, and right to first order.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from evaluator.scored import Floats, Integers

Alternative = Literal["greater", "two-sided"]

ROUNDING = 1e-9
"""Statistics less than this apart are equal; they are at most √clusters."""


def cluster_sums(values: Floats, clusters: Integers) -> Floats:
    """[cluster, column] Σ of values [pair, column] over the pairs of each cluster of `clusters` [pair], by number."""
    if not len(values):
        return np.zeros((0, values.shape[1]))
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters[order[0]] - 1))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


def one_way_size(sums: Floats) -> Floats:
    """[column] √Σ S² of sums [cluster, column]."""
    return np.asarray(np.sqrt((sums**2).sum(axis=0)))


def two_way_inflation(values: Floats, clusters: Integers, context: Integers) -> Floats:
    """[column] √(1 + (V₂ − V₁₂) / Σ S²) for the mean of values [pair, column], at least 1.

    V₁, V₂, V₁₂ are sums of squares of the cluster sums of centred values: by `clusters` [pair], by `context` [pair]
    (−1: none; times C / (C − 1) for C of them) and by both; V₁ + V₂ − V₁₂ is taken no smaller than V₁ and V₂. S are the
    sums by `clusters` of values as they are, as in the statistic that is divided: what context adds to its variance is
    then worth as much where the mean is large, and a mean that is large beside all variance is found.
    """
    centred = values - values.mean(axis=0)
    has_context = context >= 0
    cells = clusters[has_context] * (context.max(initial=0) + 1) + context[has_context]
    whole, first = (one_way_size(cluster_sums(one, clusters)) ** 2 for one in (values, centred))
    second, both = (one_way_size(cluster_sums(centred[has_context], one)) ** 2 for one in (context[has_context], cells))
    levels = len(np.unique(context[has_context]))
    second = second * levels / max(levels - 1, 1)
    added = np.maximum(first + second - both, np.maximum(first, second)) - first
    return np.sqrt(1 + added / _or_one(whole))


def flipped_signs(draws: int, clusters: int, generator: np.random.Generator) -> Floats:
    """[draw, cluster] ±1, each sign as likely as the other."""
    return generator.integers(0, 2, (draws, clusters)).astype(np.float64) * 2 - 1


def max_t(
    values: Floats,
    clusters: Integers,
    draws: int,
    generator: np.random.Generator,
    alternative: Alternative = "greater",
    context: Integers | None = None,
) -> tuple[Floats, Floats]:
    """[column], [column] Statistics of values [pair, column] and their p, adjusted for the best of all columns.

    `clusters` [pair] are flipped; `context` [pair], numbers from 0 or −1, is the second factor where there is one. The
    p of a column is how often the largest statistic of a flipped arrangement is at least its own: the chance that any
    column at all is wrongly found is at most α where those with p ≤ α are taken. At least one pair and column.
    """
    sums = cluster_sums(values, clusters)
    size = one_way_size(sums)
    inflation = 1.0 if context is None else two_way_inflation(values, clusters, context)
    statistic = sums.sum(axis=0) / _or_one(size) / inflation
    null = flipped_signs(draws, len(sums), generator) @ (sums / _or_one(size))  # [draw, column]
    observed = np.abs(statistic) if alternative == "two-sided" else statistic
    largest = np.sort((np.abs(null) if alternative == "two-sided" else null).max(axis=1))
    at_least = draws - np.searchsorted(largest, observed - ROUNDING, side="left")
    return statistic, (at_least + 1.0) / (draws + 1.0)


def _or_one(size: Floats) -> Floats:
    return np.where(size > 0, size, 1.0)
