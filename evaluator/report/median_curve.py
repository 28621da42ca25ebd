"""The curve in the middle of several runs, over the checkpoints that all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from evaluator.scored import Floats, Integers


def median_curve(runs: Sequence[tuple[Integers, Floats]]) -> tuple[Integers, Floats]:
    """Steps and medians of curves (steps [checkpoint], values [checkpoint]); empty where no step is common to all.

    A checkpoint at which some run has no value has none: a median over fewer runs would jump.
    """
    common = reduce(np.intersect1d, [steps for steps, _ in runs])
    held = np.stack([values[np.isin(steps, common)] for steps, values in runs])  # [run, checkpoint]
    return common.astype(np.int64), np.asarray(np.median(held, axis=0))
