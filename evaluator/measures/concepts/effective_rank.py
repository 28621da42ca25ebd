"""How many dimensions a set of concept vectors fills: effective rank and participation ratio."""

from __future__ import annotations

import numpy as np

from evaluator.scored import Floats

ROUNDING = 1e-12
"""Singular values below this share of the norm of the matrix, before its mean is taken off, are rounding: 0."""


RESOLUTION = 1e-6
"""Singular values below this share of the largest are 0: their squares are lost in the rounding of the largest's."""


def centred_singular_values(differences: Floats) -> Floats:
    """[min(pair, d_model)] Of V [pair, d_model] less its mean row, falling.

    They are the roots of the eigenvalues of the smaller Gram matrix in fp64: some ten times as fast as those of V,
    exact to far more digits than ranks are read to, and blind below RESOLUTION.
    """
    if not len(differences):
        return np.zeros(0)
    centred = differences - differences.mean(axis=0)
    gram = centred @ centred.T if centred.shape[0] <= centred.shape[1] else centred.T @ centred
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))
    least = max(ROUNDING * float(np.linalg.norm(differences)), RESOLUTION * float(values[0]))
    return np.where(values > least, values, 0.0)


def effective_rank(singular_values: Floats) -> float:
    """exp(−Σ σ̂ ln σ̂), σ̂ = σ / Σσ; NaN where all are 0 (fewer than two pairs, or all differ by the same vector).

    Roy and Vetterli (2007), The effective rank: a measure of effective dimensionality, EUSIPCO: 606–610; EXP takes it
    of the mean-centred matrix of concept vectors.
    """
    shares = singular_values[singular_values > 0]
    if not len(shares):
        return np.nan
    shares = shares / shares.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def participation_ratio(singular_values: Floats) -> float:
    """(Σ λ)² / Σ λ², λ = σ²: eigenvalues of the covariance; NaN where all are 0. It grows little with pairs.

    Gao et al. (2017), A theory of multineuronal dimensionality, dynamics and measurement, bioRxiv 214262.
    """
    largest = singular_values.max(initial=0.0)
    if largest == 0:
        return np.nan
    variances = (singular_values / largest) ** 2
    return float(variances.sum() ** 2 / (variances**2).sum())
