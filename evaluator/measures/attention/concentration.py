"""How much of a gain is in how few heads: figures of the positive part of Δ over all layers and heads. fp64.

EXP calls the gain in attention to the context word "concentrated" without a statistic; these are three, and the amount.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from evaluator.scored import Floats

Direction = Literal[1, -1]

TOP = (1, 5, 10)
"""Of how many heads the share is taken."""


def positive_total(delta: Floats) -> Floats:
    """[...] Σ max(Δ, 0) over the heads of delta [..., head]: without an amount, shares say nothing."""
    return np.asarray(np.maximum(delta, 0).sum(axis=-1))


def top_share(delta: Floats, k: int) -> Floats:
    """[...] What the k heads of largest Δ hold of the positive part of delta [..., head]; NaN where nothing rose."""
    positive = np.maximum(delta, 0)
    largest = np.sort(positive, axis=-1)[..., ::-1][..., :k]
    return np.asarray(largest.sum(axis=-1) / _or_nan(positive.sum(axis=-1)))


def gini(delta: Floats) -> Floats:
    """[...] Gini coefficient of the positive part of delta [..., head]; NaN where nothing rose.

    G = Σ_i (2 i − n − 1) x_(i) / (n Σ x), x sorted upwards, i from 1: 0 where all heads gained alike, (n − 1)/n where
    one gained all. Sen (1973), On Economic Inequality, section 2.
    """
    ordered = np.sort(np.maximum(delta, 0), axis=-1)
    n = ordered.shape[-1]
    places = 2 * np.arange(1, n + 1, dtype=np.float64) - n - 1
    return np.asarray((ordered * places).sum(axis=-1) / (n * _or_nan(ordered.sum(axis=-1))))


def effective_heads(delta: Floats) -> Floats:
    """[...] (Σ x)² / Σ x² of the positive part x of delta [..., head]; NaN where nothing rose.

    Kish's effective number, as of clusters (evaluator.clusters): n where n heads gained alike and no other did.
    """
    positive = np.maximum(delta, 0)
    share = positive / _or_nan(positive.sum(axis=-1))[..., None]
    return np.asarray(1 / (share**2).sum(axis=-1))


def concentration(delta: Floats, top: tuple[int, ...] = TOP) -> dict[str, Floats]:
    """Name → figure [...] of delta [..., head]: mean (of all), positive_total, top1_share …, gini, effective_heads.

    Shares of as many heads as there are, or more, are left out: they are 1 whatever happens.
    """
    shares = {f"top{k}_share": top_share(delta, k) for k in top if k < delta.shape[-1]}
    return {
        "mean": np.asarray(delta.mean(axis=-1)),
        "positive_total": positive_total(delta),
        **shares,
        "gini": gini(delta),
        "effective_heads": effective_heads(delta),
    }


def direction(figure: str) -> Direction:
    """1 where a larger figure means a gain that is larger or more concentrated, −1 where a smaller one does."""
    return -1 if figure == "effective_heads" else 1


def bounds(figure: str, n_heads: int) -> tuple[float, float]:
    """Between which two values a figure lies, whatever Δ is."""
    if figure == "mean":
        return float("-inf"), float("inf")
    if figure == "positive_total":
        return 0.0, float("inf")
    if figure == "effective_heads":
        return 1.0, float(n_heads)
    return 0.0, 1.0


def _or_nan(total: Floats) -> Floats:
    return np.where(total > 0, total, np.nan)
