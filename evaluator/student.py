"""Quantiles of Student's t, with NumPy alone."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

NEARLY_NORMAL = 1000.0
GRID = 20_001


@lru_cache(maxsize=4096)
def student_quantile(probability: float, freedom: float) -> float:
    """t with P(T ≤ t) = probability, ½ ≤ probability < 1, of `freedom` ≥ 1 degrees, not necessarily whole.

    With t = √ν tan θ the density is proportional to cos^(ν−1) θ on (−π/2, π/2), which is summed here by trapezoids:
    right to six digits, out to probabilities of 0.9999. Above 1000 degrees the first term of Cornish and Fisher's
    expansion, t = z + (z³ + z) / 4ν (Abramowitz and Stegun, 26.7.5).
    """
    z = NormalDist().inv_cdf(probability)
    if freedom > NEARLY_NORMAL:
        return z + (z**3 + z) / (4 * freedom)
    angle = np.linspace(0, np.pi / 2, GRID)
    density = np.cos(angle) ** (freedom - 1)
    area = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(np.sqrt(freedom) * np.tan(np.interp(2 * probability - 1, area / area[-1], angle)))
