"""What one side makes of minimal pairs: two scores each, and its own decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PairScores:
    """`is_right` is what that side counts as correct, with its own rule for ties."""

    good: Floats  # [pair] nats
    bad: Floats  # [pair] nats
    is_right: Flags  # [pair]

    def __len__(self) -> int:
        return len(self.is_right)

    def save(self, path: Path) -> None:
        """Write them to a file of arrays."""
        with path.open("wb") as file:
            np.savez(file, good=self.good, bad=self.bad, is_right=self.is_right)

    @classmethod
    def load(cls, path: Path) -> PairScores:
        """Read what `save` wrote."""
        with np.load(path) as held:
            return cls(held["good"], held["bad"], held["is_right"])

    def macro_accuracy(self, uids: tuple[str, ...]) -> float:
        """The mean over paradigms of each one's share of correct pairs; `uids` [pair] says which is whose."""
        names = np.array(uids)
        return float(np.mean([self.is_right[names == uid].mean() for uid in dict.fromkeys(uids)]))


@dataclass(frozen=True)
class Difference:
    """How far two sides are apart: their scores of all sentences, and the decisions that differ."""

    pairs: int
    most: float  # nats, over both sentences of all pairs
    decisions: int

    @classmethod
    def between(cls, one: PairScores, other: PairScores) -> Difference:
        """Of two sides that scored the same pairs; what is not finite on either side is infinitely far."""
        with np.errstate(invalid="ignore"):
            apart = np.abs(np.concatenate([one.good - other.good, one.bad - other.bad]))
        apart[~np.isfinite(apart)] = np.inf
        return cls(len(one), float(apart.max(initial=0.0)), int((one.is_right != other.is_right).sum()))
