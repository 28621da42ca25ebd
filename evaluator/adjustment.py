"""p values of many tests together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p: Sequence[float | None]) -> list[float | None]:
    """Adjusted p values, in the order given: the share of false discoveries when all as small are called discoveries.

    Benjamini and Hochberg (1995), Controlling the false discovery rate, Journal of the Royal Statistical Society B 57:
    289–300: the smallest m p(k) / k over the k at or above its rank, of the m that are not None. None stays None.
    """
    known = np.array([value for value in p if value is not None], dtype=np.float64)
    order = np.argsort(known, kind="stable")
    scaled = known[order] * len(known) / np.arange(1, len(known) + 1)
    adjusted = np.empty(len(known))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    values = iter(adjusted.tolist())
    return [None if value is None else next(values) for value in p]
