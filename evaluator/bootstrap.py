"""The lemma bootstrap of accuracies: one resample serves all checkpoints, and both sides of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.clusters import effective_number
from evaluator.lemma_weights import LemmaWeights, ResamplingUnits
from evaluator.scored import Flags, Floats, PairTable
from evaluator.two_way_variance import resampling_scale


@dataclass(frozen=True)
class Side:
    """A group of pairs: its credits added up, in the sample and in each resample."""

    pairs: int
    sums: Floats  # [checkpoint] of credit
    resampled_pairs: Floats  # [resample] of weight
    resampled_sums: Floats  # [resample, checkpoint] of weight × credit
    influence: Floats  # [pair] of all pairs; on the mean accuracy over checkpoints
    scale: float
    """How far resamples are drawn towards the sample, for figures of this group alone (two_way_variance.py)."""
    effective: float
    """Effective number of clusters in it."""

    @property
    def accuracy(self) -> Floats:
        """[checkpoint] NaN where there is no pair."""
        return self.sums / (self.pairs or np.nan)

    def accuracies(self, scale: float) -> Floats:
        """[resample, checkpoint] Each resample drawn towards the sample by `scale`: weights 1 − scale + scale × weight.

        NaN in a resample that holds no pair of the group.
        """
        sums = (1 - scale) * self.sums + scale * self.resampled_sums
        pairs = (1 - scale) * self.pairs + scale * self.resampled_pairs
        return np.asarray(sums / np.where(pairs > 0, pairs, np.nan)[:, None])


@dataclass(frozen=True)
class LemmaBootstrap:
    """The resamples of one paradigm's pairs."""

    units: ResamplingUnits
    weights: LemmaWeights
    credit: Floats  # [checkpoint, pair]

    @classmethod
    def of(cls, pairs: PairTable, credit: Floats, resamples: int, seed: int) -> LemmaBootstrap:
        """Draw for the pairs of one paradigm."""
        units = ResamplingUnits.of(pairs)
        return cls(units, LemmaWeights.draw(units, resamples, seed), credit)

    def side(self, is_in: Flags) -> Side:
        """The group of the pairs marked in `is_in` [pair]; it may be empty."""
        credit = self.credit[:, is_in]
        # single precision is exact here: whole weights, credits in halves, sums far below 2^24
        single = credit.T.astype(np.float32)
        blocks = [(block @ single, block.sum(axis=1)) for block in self.weights.of_pairs(is_in)]
        pairs = credit.shape[1]
        influence = np.zeros(len(is_in))
        if pairs:
            influence[is_in] = (credit - credit.mean(axis=1, keepdims=True)).mean(axis=0) / pairs
        return Side(
            pairs=pairs,
            sums=credit.sum(axis=1),
            resampled_sums=np.concatenate([sums for sums, _ in blocks]).astype(np.float64),
            resampled_pairs=np.concatenate([pairs for _, pairs in blocks]).astype(np.float64),
            influence=influence,
            scale=self.scale(influence),
            effective=effective_number(self.units.clusters[is_in]),
        )

    def scale(self, influence: Floats) -> float:
        """How far resamples are drawn towards the sample, for a figure with these influences [pair]."""
        return resampling_scale(influence, self.units.first_clusters, self.units.context_clusters)
