"""How well a direction fitted on some pairs separates good from bad sentences of others, beside permuted labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.measures.concepts.auroc import auroc, paired_share
from evaluator.measures.concepts.folds import Cell, without_negative
from evaluator.measures.concepts.label_signs import label_signs
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.permutation_null import NulledValue, nulled
from evaluator.measures.concepts.readout import Readout
from evaluator.scored import Flags, Floats, Integers

Fit = Callable[[PairStates], Readout]
"""`mean_difference`, or `ridge_probe(penalty)`."""

UNTESTED = -1


@dataclass(frozen=True, slots=True)
class Separation:
    """Of the tested pairs; values are None where no pair was tested."""

    pairs: int
    """Tested."""
    auroc: NulledValue
    """Mean over cells of their AUROC, weighted by comparisons: scores by different directions are not compared."""
    paired: NulledValue
    """P(v_i·direction > 0)."""
    accuracy: NulledValue
    """Share of sentences on the right side of 0: for a probe. A mean difference has no threshold: leave it unread."""


@dataclass(frozen=True)
class CrossFittedScores:
    """The score of every tested sentence, by a direction that was fitted without its pair; row 0 is the real labels."""

    called_good: Floats  # [1 + draw, pair] of the side that the row's labels call good; NaN where not tested
    called_bad: Floats  # [1 + draw, pair]
    cell: Integers  # [pair] which cell tested it; UNTESTED
    can_move: bool
    """Whether permuted labels can differ from the real ones by more than a flip of all."""

    @property
    def is_tested(self) -> Flags:
        """[pair]."""
        return np.asarray(self.cell != UNTESTED)

    def separation(self, is_counted: Flags | None = None) -> Separation:
        """Of the tested pairs, or of those of them in `is_counted` [pair]."""
        counted = self.is_tested if is_counted is None else self.is_tested & is_counted
        good, bad = self.called_good[:, counted], self.called_bad[:, counted]
        return Separation(
            pairs=int(counted.sum()),
            auroc=nulled(self._auroc(counted), self.can_move),
            paired=nulled(paired_share(good, bad), self.can_move),
            accuracy=nulled((paired_share(good, 0 * good) + paired_share(0 * bad, bad)) / 2, self.can_move),
        )

    def _auroc(self, counted: Flags) -> Floats:
        """[1 + draw]."""
        groups = [np.flatnonzero(counted & (self.cell == cell)) for cell in np.unique(self.cell[counted])]
        if not groups:
            return np.full(len(self.called_good), np.nan)
        areas = np.stack([auroc(self.called_good[:, group], self.called_bad[:, group]) for group in groups])
        return np.average(areas, axis=0, weights=[float(len(group)) ** 2 for group in groups])


def cross_fitted_scores(
    states: PairStates, cells: Sequence[Cell], fit: Fit, units: Integers, draws: int, seed: int
) -> CrossFittedScores:
    """Fit in each cell, score its test pairs, and do both again under `draws` permutations of labels.

    Labels of pairs of one unit [pair] flip together, on the fitted and on the tested side: where a lemma stands on
    both, the null keeps what is gained by knowing it, and its mean is above ½.
    """
    signs = label_signs(units, draws, seed)
    good, bad = np.full((2, *signs.shape), np.nan)
    tested_by = np.full(len(states), UNTESTED)
    for number, cell in enumerate(cells):
        readout = fit(states.take(cell.fit))
        good[:, cell.test], bad[:, cell.test] = readout.scores(states.take(cell.test), signs[:, cell.fit])
        tested_by[cell.test] = number
    is_flipped = signs < 0
    return CrossFittedScores(
        called_good=np.where(is_flipped, bad, good),
        called_bad=np.where(is_flipped, good, bad),
        cell=tested_by,
        can_move=_can_move(units, cells),
    )


def _can_move(units: Integers, cells: Sequence[Cell]) -> bool:
    used = np.unique([place for cell in cells for place in (*cell.fit, *cell.test)]).astype(np.int64)
    return len(np.unique(without_negative(units)[used])) > 1
