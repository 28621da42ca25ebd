"""The lag between two times, t_val − t_train, also where one of them never comes."""

from __future__ import annotations

import numpy as np

from evaluator.scored import Floats


def lag_of(validation: Floats, train: Floats) -> Floats:
    """[...] validation − train, times in steps, ∞ for never, NaN for undefined.

    t_val never → ∞, t_train never → −∞, both never → 0 (method.md, section 2): a permutation test stays exact and the
    observed lag can always be tested. NaN where either is undefined.
    """
    neither = np.isinf(validation) & np.isinf(train)
    return np.where(neither, 0.0, validation - np.where(neither, 0.0, train))


def reason_of(validation: float, train: float) -> str | None:
    """Why a lag of crossings is not a plain difference; None when it is. Times in steps, ∞ for never."""
    if np.isinf(validation) and np.isinf(train):
        return "neither side reaches the threshold: 0 by convention"
    if np.isinf(validation):
        return "proxy-validation never reaches the threshold"
    return "proxy-train never reaches the threshold" if np.isinf(train) else None
