"""The learning rate by training step: linear warm-up, then half a cosine down to a floor."""

from __future__ import annotations

import math


def warmup_steps(steps: int, warmup: float) -> int:
    """In how many of `steps` the rate rises: the share `warmup` of them."""
    return round(warmup * steps)


def learning_rate(step: int, steps: int, peak: float, warmup: float, floor: float) -> float:
    """The rate of training step `step` (1 … `steps`).

    It rises linearly over the first `warmup` of the steps, reaches `peak` at the last of them (at the first step
    without warm-up) and `floor` × `peak` at the last step of the run.
    """
    rising = warmup_steps(steps, warmup)
    if step <= rising:
        return peak * step / rising
    done = (step - rising) / max(steps - rising, 1)
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2)
