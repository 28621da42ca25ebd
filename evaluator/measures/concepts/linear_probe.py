"""A linear probe of grammaticality: least squares on the labels ±1 with a ridge penalty, in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.readout import ROUNDING, Readout
from evaluator.scored import Floats
from exposure.errors import EvaluationError


def ridge_probe(penalty: float) -> Callable[[PairStates], Readout]:
    """The probe with this penalty, as a fit; raises EvaluationError where the penalty is not above 0.

    Each feature is centred and divided by its standard deviation over the fitted sentences; a constant one is left out.
    Then Σ (y − z·w)² + penalty · sentences · |w|² is least: Hoerl and Kennard (1970), Ridge regression, Technometrics
    12: 55–67. With every pair's two sides fitted the intercept is 0, and 0 is the threshold. For two classes of equal
    size the direction is that of Fisher's discriminant with a shrunk covariance (Hastie, Tibshirani and Friedman 2009,
    exercise 4.2). The penalty is a share of a feature's variance, so it means the same in every layer.
    """
    if not penalty > 0:
        raise EvaluationError(f"The penalty of a probe is {penalty}. Give a number above 0, such as 0.1.")

    def fit(states: PairStates) -> Readout:
        origin, scales = _standard(np.concatenate([states.good, states.bad]))
        good, bad = (states.good - origin) * scales, (states.bad - origin) * scales
        return Readout(scales[:, None] * _operator(good, bad, penalty), origin)

    return fit


def _standard(rows: Floats) -> tuple[Floats, Floats]:
    """[d_model] The mean, and 1 / standard deviation; 0 for a feature that does not vary."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    varies = deviation > ROUNDING * np.abs(rows).max(axis=0)
    return mean, np.where(varies, 1 / np.where(varies, deviation, 1.0), 0.0)


def _operator(good: Floats, bad: Floats, penalty: float) -> Floats:
    """[d_model, pair] (ZᵀZ + λ)⁻¹ Zᵀ y for y = +1 on the good and −1 on the bad side of one pair, 0 elsewhere."""
    rows = np.concatenate([good, bad])  # [sentence, d_model]
    sentences, width = rows.shape
    ridge = penalty * sentences
    if width <= sentences:
        return np.asarray(np.linalg.solve(rows.T @ rows + ridge * np.eye(width), (good - bad).T))
    labels = np.concatenate([np.eye(len(good)), -np.eye(len(good))])
    return np.asarray(rows.T @ np.linalg.solve(rows @ rows.T + ridge * np.eye(sentences), labels))
