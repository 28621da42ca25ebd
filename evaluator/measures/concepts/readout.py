"""A linear readout: a direction in hidden states that is linear in the labels of the pairs that it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.measures.concepts.pair_states import PairStates
from evaluator.scored import Floats

ROUNDING = 1e-12
"""A direction shorter than this share of what it is added up from is rounding: it is taken as zero."""


@dataclass(frozen=True)
class Readout:
    """Score of a state h: (h − origin) · operator · signs; positive is called good.

    Because it is linear in the labels, permuted labels need no other fit.
    """

    operator: Floats  # [d_model, fitted pair]
    origin: Floats  # [d_model]

    def directions(self, signs: Floats) -> Floats:
        """[d_model, draw] The direction under each row of `signs` [draw, fitted pair]; zero where all cancels."""
        found = self.operator @ signs.T
        parts = float(np.linalg.norm(self.operator, axis=0).sum())
        return np.where(np.linalg.norm(found, axis=0) <= ROUNDING * parts, 0.0, found)

    def scores(self, states: PairStates, signs: Floats) -> tuple[Floats, Floats]:
        """[draw, pair], [draw, pair] Scores of the good and of the bad sides under each row of `signs`.

        Equal states get equal scores, bit for bit, so that ties are ties.
        """
        directions = self.directions(signs)
        rows, numbers = _distinct(np.concatenate([states.good, states.bad]))
        scored = (rows @ directions - self.origin @ directions).T[:, numbers]  # [draw, sentence]
        return scored[:, : len(states)], scored[:, len(states) :]


def mean_difference(states: PairStates) -> Readout:
    """v̄, the mean of v_i = h_good − h_bad: EXP's concept vector, of one pair or more."""
    return Readout(states.differences.T / len(states), np.zeros(states.good.shape[1]))


def _distinct(rows: Floats) -> tuple[Floats, list[int]]:
    """The distinct rows, and of each row the number of its like."""
    keys = [row.tobytes() for row in rows]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    firsts = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    return rows[[firsts[key] for key in numbers]], [numbers[key] for key in keys]
