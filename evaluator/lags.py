"""The lag between two crossings, t_val − t_train, also where one of them never comes."""

from __future__ import annotations

import numpy as np

from evaluator.crossings import Crossing
from evaluator.scored import Floats


def lag_of(validation: Floats, train: Floats) -> Floats:
    """[...] validation − train, times in steps, ∞ for never.

    t_val never → ∞, t_train never → −∞, both never → 0 (method.md, section 2): a permutation test stays exact and the
    observed lag can always be tested.
    """
    neither = np.isinf(validation) & np.isinf(train)
    return np.where(neither, 0.0, np.where(neither, 0.0, validation) - np.where(neither, 0.0, train))


def measured_lag(validation: Floats, train: Floats) -> Floats:
    """[...] The same without a convention: NaN where neither crosses, as nothing has been measured."""
    return np.where(np.isinf(validation) & np.isinf(train), np.nan, lag_of(validation, train))


def note_on(validation: Crossing, train: Crossing) -> str | None:
    """Why a lag is not the plain difference of two times seen; None when it is."""
    return _never(validation, train) or _from_the_start(validation, train)


def is_undefined(validation: Crossing, train: Crossing) -> bool:
    """Whether a side never crosses, so that the lag is a convention."""
    return "right" in (validation.censoring, train.censoring)


def _never(validation: Crossing, train: Crossing) -> str | None:
    if validation.step is None and train.step is None:
        return "neither side reaches the threshold; 0 by convention"
    if validation.step is None:
        return "proxy-validation never reaches the threshold"
    return "proxy-train never reaches the threshold" if train.step is None else None


def _from_the_start(validation: Crossing, train: Crossing) -> str | None:
    early = [
        name
        for name, crossing in (("proxy-train", train), ("proxy-validation", validation))
        if crossing.censoring == "left"
    ]
    if len(early) == 2:
        return "both sides are above the threshold from the first checkpoint on; a lag before it cannot be seen"
    return f"{early[0]} is above the threshold from the first checkpoint on; its time is a bound" if early else None
