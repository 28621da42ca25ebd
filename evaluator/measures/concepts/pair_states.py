"""Hidden states of both sides of pairs: one layer, one position, one checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.scored import Flags, Floats, Integers
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class PairStates:
    """h_good and h_bad, row by row of the same pair, in fp64. Made by `of`, which checks them."""

    good: Floats  # [pair, d_model]
    bad: Floats  # [pair, d_model]

    @classmethod
    def of(cls, good: npt.ArrayLike, bad: npt.ArrayLike) -> PairStates:
        """States of any float type; raises EvaluationError where shapes differ or a number is not finite."""
        states = cls(np.asarray(good, dtype=np.float64), np.asarray(bad, dtype=np.float64))
        if states.good.ndim != 2 or states.good.shape != states.bad.shape:
            raise EvaluationError(
                f"Hidden states have the shapes {states.good.shape} (good) and {states.bad.shape} (bad): both must be "
                "[pair, d_model], row by row of the same pair. Leave out pairs that have the position on one side only."
            )
        if not (np.isfinite(states.good).all() and np.isfinite(states.bad).all()):
            raise EvaluationError("A hidden state is not finite. Check the checkpoint, or run the model in float32.")
        return states

    def __len__(self) -> int:
        return len(self.good)

    @property
    def differences(self) -> Floats:
        """[pair, d_model] v_i = h_good − h_bad."""
        return self.good - self.bad

    @property
    def are_identical(self) -> Flags:
        """[pair] Whether both sides have the very same state there: nothing differs up to this position."""
        return np.asarray((self.good == self.bad).all(axis=1))

    def take(self, places: Integers) -> PairStates:
        """The pairs at `places`, in that order."""
        return PairStates(self.good[places], self.bad[places])

    def join(self, other: PairStates) -> PairStates:
        """These pairs, then those of `other`; raises EvaluationError where they are of another width."""
        if self.good.shape[1] != other.good.shape[1]:
            raise EvaluationError(
                f"States of {self.good.shape[1]} and of {other.good.shape[1]} dimensions are not of the same model. "
                "Give states of one checkpoint and layer."
            )
        return PairStates(np.concatenate([self.good, other.good]), np.concatenate([self.bad, other.bad]))
