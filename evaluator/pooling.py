"""Several paradigms together: the mean over paradigms, and all their pairs as one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.bootstrap import Side
from evaluator.clusters import effective_number
from evaluator.lemma_weights import ResamplingUnits
from evaluator.scored import Floats
from evaluator.two_way_variance import resampling_scale


@dataclass(frozen=True)
class Pool:
    """Paradigms with at least one pair each. A lemma that stands in several is resampled alike in all."""

    units: ResamplingUnits  # of all pairs, paradigm by paradigm
    sides: tuple[Side, ...]  # [paradigm]
    effective: float
    """Effective number of clusters."""

    @classmethod
    def of(cls, units: Sequence[ResamplingUnits], sides: Sequence[Side]) -> Pool:
        """Put paradigms together; both in the same order."""
        together = ResamplingUnits.join(units)
        return cls(together, tuple(sides), effective_number(together.clusters))

    @property
    def macro(self) -> Floats:
        """[checkpoint] Mean of the paradigms' accuracies."""
        return np.asarray(np.mean([side.accuracy for side in self.sides], axis=0))

    @property
    def resampled_macro(self) -> Floats:
        """[resample, checkpoint] The same in each resample; NaN where a paradigm has no pair in it."""
        scale = self._scale(np.concatenate([side.influence for side in self.sides]) / len(self.sides))
        total = np.zeros_like(self.sides[0].resampled_sums)
        for side in self.sides:
            total += side.accuracies(scale)
        return np.asarray(total / len(self.sides))

    @property
    def pooled(self) -> Side:
        """All pairs as one group."""
        pairs = sum(side.pairs for side in self.sides)
        mean = sum(float(side.sums.mean()) for side in self.sides) / pairs
        credits = [side.influence * side.pairs + side.accuracy.mean() for side in self.sides]  # mean over checkpoints
        influence = (np.concatenate(credits) - mean) / pairs
        return Side(
            pairs=pairs,
            sums=sum((side.sums for side in self.sides), np.zeros(1)),
            resampled_pairs=sum((side.resampled_pairs for side in self.sides), np.zeros(1)),
            resampled_sums=sum((side.resampled_sums for side in self.sides), np.zeros(1)),
            influence=influence,
            scale=self._scale(influence),
            effective=self.effective,
        )

    def _scale(self, influence: Floats) -> float:
        return resampling_scale(influence, self.units.first_clusters, self.units.context_clusters)
