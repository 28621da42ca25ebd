"""The time at which a curve is half-way from where it starts to its own plateau: delay apart from where curves end."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from evaluator.crossings import interpolated_steps
from evaluator.intervals import Interval
from evaluator.scored import Floats, Integers

PLATEAU_SHARE = 10
FEWEST = 3


@dataclass(frozen=True, slots=True)
class HalfRise:
    """The time at which one side is half-way from its first accuracy to its own plateau."""

    first: float
    """Accuracy at the first checkpoint."""
    plateau: float
    """Mean accuracy over the last checkpoints."""
    checkpoints: int
    """How many are the last."""
    rise: Interval
    """Of plateau − first, by the lemma bootstrap. Where its low end is not above 0 nothing rose beyond noise."""
    step: float | None
    """Interpolated; None where nothing rose beyond noise."""
    interval: Interval | None
    """Of `step`, by the lemma bootstrap."""


def plateau_checkpoints(checkpoints: int) -> int | None:
    """How many of the last checkpoints make the plateau: a tenth of all, at least 3; None where no other is left."""
    last = max(FEWEST, ceil(checkpoints / PLATEAU_SHARE))
    return last if last < checkpoints else None


def plateau_of(accuracy: Floats, last: int) -> Floats:
    """[...] Mean of the last checkpoints of curves [..., checkpoint]."""
    return np.asarray(accuracy[..., -last:].mean(axis=-1))


def half_rise_steps(accuracy: Floats, steps: Integers, last: int) -> Floats:
    """[...] When each curve [..., checkpoint] first is half-way up, interpolated; NaN where it ends no higher.

    Half-way is (A(first checkpoint) + plateau) / 2.
    """
    first, plateau = accuracy[..., 0], plateau_of(accuracy, last)
    times = interpolated_steps(accuracy, steps, (first + plateau) / 2)
    return np.where(plateau > first, times, np.nan)
