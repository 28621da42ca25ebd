"""How much less than the crossed bootstrap a figure varies, when pairs share critical and context lemmas.

For a figure that is near enough Σ u over pairs, with one influence u a pair, the crossed bootstrap has the variance
V_critical + V_context + V_both, where V_x = Σ over the clusters x of (Σ of u within)²: what single pairs add is counted
three times ("mildly conservative", Owen and Eckles 2012, and see Owen 2007). Right for two-way clusters is V_critical +
V_context − V_both: Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, Journal of Business &
Economic Statistics 29: 238–249, section 2. Resamples are therefore drawn towards the sample by the square root of the
ratio; benchmarks/delay_simulation.py measures what intervals cover with it and without.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from evaluator.scored import Flags, Floats, Integers


def resampling_scale(influence: Floats, critical: Integers, context: Integers) -> float:
    """√((V_critical + V_context − V_both) / (V_critical + V_context + V_both)), within [1/√3, 1].

    `influence` [pair]; `critical` and `context` [pair] number the clusters, −1 where a pair has none. Each variance is
    estimated from few clusters, so the numerator is taken no smaller than the largest of the three.
    """
    has_both = (critical >= 0) & (context >= 0)
    cells = critical * (context.max(initial=0) + 1) + context
    by_critical, by_context = _variance(influence, critical, critical >= 0), _variance(influence, context, context >= 0)
    by_both = _variance(influence, cells, has_both)
    whole = by_critical + by_context + by_both
    if whole == 0:
        return 1.0
    return sqrt(max(by_critical + by_context - by_both, by_critical, by_context, by_both) / whole)


def _variance(influence: Floats, clusters: Integers, present: Flags) -> float:
    _, places = np.unique(clusters[present], return_inverse=True)
    sums = np.bincount(places, weights=influence[present])
    return float((sums**2).sum())
