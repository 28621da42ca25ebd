"""Means over pairs with their lemma bootstrap: one set of weights serves all heads, words and controls alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.clusters import effective_number
from evaluator.draw_intervals import bounds_of
from evaluator.intervals import LEVEL
from evaluator.lemma_weights import LemmaWeights, ResamplingUnits
from evaluator.scored import Flags, Floats, Integers
from evaluator.two_way_variance import resampling_scale

RESAMPLES = 1000


@dataclass(frozen=True)
class HeadBootstrap:
    """The resamples of some pairs: critical and context lemmas crossed (lemma_weights.py)."""

    weights: LemmaWeights
    clusters: Integers  # [pair] what it shares with others: its critical level, else its context level, else itself
    critical: Integers  # [pair] its critical cluster, or itself where it has no level at all; −1 for neither
    context: Integers  # [pair] −1 where it has none

    @classmethod
    def draw(cls, units: ResamplingUnits, resamples: int = RESAMPLES, seed: int = 0) -> HeadBootstrap:
        """For the pairs of `units`."""
        weights = LemmaWeights.draw(units, resamples, seed)
        return cls(weights, units.clusters, units.first_clusters, units.context_clusters)

    def __len__(self) -> int:
        """Pairs."""
        return len(self.clusters)

    def effective(self, is_in: Flags) -> float:
        """Effective number of clusters among the pairs marked in `is_in` [pair]."""
        return effective_number(self.clusters[is_in])

    def scale(self, influence: Floats, is_in: Flags) -> float:
        """How far resamples are drawn towards the sample, for a figure with these influences [pair marked in is_in]."""
        whole = np.zeros(len(is_in))
        whole[is_in] = influence
        return resampling_scale(whole, self.critical, self.context)

    def means(self, values: Floats, is_in: Flags, scale: Floats | float) -> Floats:
        """[resample, column] Means of values [pair, column] over the pairs marked, each drawn towards the sample by
        `scale` ([column] or one): pairs weigh 1 − scale + scale × weight. NaN in a resample that holds no pair.
        """
        chosen = values[is_in]
        blocks = [(block.astype(np.float64) @ chosen, block.sum(axis=1)) for block in self.weights.of_pairs(is_in)]
        sums = np.concatenate([one for one, _ in blocks])
        pairs = np.concatenate([one for _, one in blocks]).astype(np.float64)[:, None]
        weight = (1 - scale) * len(chosen) + scale * pairs
        total = (1 - scale) * chosen.sum(axis=0) + scale * sums
        return np.asarray(total / np.where(weight > 0, weight, np.nan))


@dataclass(frozen=True)
class HeadMeans:
    """A mean by layer and head, with the interval of the lemma bootstrap; NaN throughout where there is no pair."""

    mean: Floats  # [layer, head]
    low: Floats  # [layer, head]
    high: Floats  # [layer, head]
    pairs: int
    effective: float
    """Effective number of clusters behind it."""


def head_means(values: Floats, bootstrap: HeadBootstrap, is_in: Flags | None = None) -> HeadMeans:
    """Mean of values [pair, layer, head] over the pairs that have one (and are marked in `is_in` [pair])."""
    n_pairs, *shape = values.shape
    flat = values.reshape(n_pairs, -1)
    is_known = np.asarray(~np.isnan(flat).any(axis=1) & (True if is_in is None else is_in))
    n_known = int(is_known.sum())
    if not n_known:
        nothing = np.full(shape, np.nan)
        return HeadMeans(nothing, nothing, nothing, 0, 0.0)
    mean = flat[is_known].mean(axis=0)
    influence = (flat[is_known] - mean) / n_known
    scale = np.array([bootstrap.scale(column, is_known) for column in influence.T])
    effective = bootstrap.effective(is_known)
    low, high = bounds_of(bootstrap.means(flat, is_known, scale), LEVEL, effective)
    return HeadMeans(mean.reshape(shape), low.reshape(shape), high.reshape(shape), n_known, effective)
