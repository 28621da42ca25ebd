"""When accuracy first reaches a threshold: t(τ) = min{t : A(t) ≥ τ}, seen only from one checkpoint to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.scored import Floats, Integers

Censoring = Literal["interval", "left", "right"]
"""Where a crossing is known to lie: between two checkpoints; at or before the first; after the last, if ever."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first checkpoint at which a curve is at or above a threshold; it happened in (`after`, `step`]."""

    threshold: float
    step: int | None
    """None when it never is: then it is right-censored at `after`, the last checkpoint."""
    after: int | None
    """The checkpoint before; None when already the first is above (left-censored)."""
    interpolated: float | None
    """Where the straight line between `after` and `step` meets the threshold; `step` itself when left-censored."""
    un_crossings: int
    """How many times the curve falls below the threshold again."""

    @property
    def censoring(self) -> Censoring:
        """`interval` is the rule: a crossing is seen only from one checkpoint to the next."""
        if self.step is None:
            return "right"
        return "left" if self.after is None else "interval"


def first_at_or_above(accuracy: Floats, level: float | Floats) -> Integers:
    """The first place along the last axis where accuracy [..., checkpoint] ≥ level; its length where there is none.

    `level` is one number or one for each curve [...].
    """
    above = accuracy >= np.asarray(level)[..., None]
    return np.asarray(np.where(above.any(axis=-1), above.argmax(axis=-1), accuracy.shape[-1]))


def crossing_steps(accuracy: Floats, steps: Integers, level: float | Floats) -> Floats:
    """[...] The step of the first checkpoint at or above the level, of each curve [..., checkpoint]; ∞ for never."""
    times: Floats = np.append(steps.astype(np.float64), np.inf)
    return np.asarray(times[first_at_or_above(accuracy, level)])


def interpolated_steps(accuracy: Floats, steps: Integers, level: float | Floats) -> Floats:
    """[...] Where the straight line to that checkpoint meets the level; the first step if above there; ∞ for never."""
    place = first_at_or_above(accuracy, level)
    here = np.minimum(place, accuracy.shape[-1] - 1)
    before = np.maximum(here - 1, 0)
    low, high = (np.take_along_axis(accuracy, at[..., None], axis=-1)[..., 0] for at in (before, here))
    is_inside = (place == here) & (here > 0)
    share = np.where(is_inside, (level - low) / np.where(is_inside, high - low, 1.0), 1.0)
    times: Floats = steps[before] + share * (steps[here] - steps[before])
    return np.where(place == here, times, np.inf)


def crossing_of(accuracy: Floats, steps: Integers, threshold: float) -> Crossing:
    """All about the first crossing of one curve [checkpoint]."""
    place = int(first_at_or_above(accuracy, threshold))
    above = accuracy >= threshold
    is_reached = place < len(steps)
    return Crossing(
        threshold=threshold,
        step=int(steps[place]) if is_reached else None,
        after=int(steps[place - 1]) if place > 0 else None,
        interpolated=float(interpolated_steps(accuracy, steps, threshold)) if is_reached else None,
        un_crossings=int((above[:-1] & ~above[1:]).sum()),
    )
