"""Permuted labels of pairs: which of the two sides is called good, drawn by a coin for every cluster."""

from __future__ import annotations

import numpy as np

from evaluator.measures.attention.sign_flips import flipped_signs
from evaluator.measures.concepts.folds import without_negative
from evaluator.scored import Floats, Integers


def label_signs(units: Integers, draws: int, seed: int) -> Floats:
    """[1 + draw, pair] +1 where the good side is called good, −1 where the bad one is; row 0 is the labels as they are.

    Pairs of one unit [pair] flip together, because they are not independent: units are critical lemma contrasts, or
    np.arange(pairs) where pairs are to be exchangeable on their own; a negative unit is one of its own. With
    C units there are 2^(C − 1) arrangements that differ for a statistic that a flip of all labels does not change.
    """
    _, numbers = np.unique(without_negative(units), return_inverse=True)
    drawn = flipped_signs(draws, int(numbers.max(initial=-1)) + 1, np.random.default_rng(seed))
    return np.concatenate([np.ones((1, len(units))), drawn[:, numbers]])
