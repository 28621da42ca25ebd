"""Labels permuted: what curves and lags would be if exposure meant nothing.

Random splits of the same sizes are EXP's test (Muckatira et al. 2026, arXiv 2606.00230). It takes pairs as
exchangeable; where exposure goes by lemma they are not, and permuting within critical lemma contrasts is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.intervals import LEVEL
from evaluator.scored import Flags, Floats, Integers

Test = Literal["random-split", "within-lemma"]
"""`random-split`: labels go to any pairs (EXP's). `within-lemma`: only among pairs of one critical lemma contrast."""

BLOCK = 1 << 22
"""Labels held at once."""

CANNOT_MOVE = "no critical lemma contrast has pairs on both sides: no label can move"

ROUNDING = 1e-6
"""Lags less than this many steps apart are equal: an equal lag counts as one at least as large."""


@dataclass(frozen=True, slots=True)
class NullTest:
    """A lag among those of permuted labels; one-tailed: how often chance delays proxy-validation as much."""

    test: Test
    p: float | None
    """(at_least + 1) / (draws + 1); None where no label can move or there is no lag, and `reason` says which."""
    at_least: int
    """Draws whose lag was at least the observed one; a draw without a lag counts here, to be safe."""
    draws: int
    undefined: int
    """Draws without a lag (half-rise: a side that does not rise)."""
    low: float | None
    """2.5 % quantile of the null lags; infinite where lags are. None where no draw has one."""
    median: float | None
    high: float | None
    """97.5 % quantile."""
    reason: str | None = None
    p_adjusted: float | None = None
    """After Benjamini and Hochberg, over its family (see adjusted_delay); None where a part has few pairs."""


@dataclass(frozen=True)
class NullCurves:
    """Accuracy of both sides under permuted labels. Row 0 is the labels as they are."""

    test: Test
    train: Floats  # [1 + draw, checkpoint]
    validation: Floats  # [1 + draw, checkpoint]
    reason: str | None = None
    """Why there is no test; None when there is one."""


def random_split_curves(credit: Floats, is_train: Flags, draws: int, seed: list[int]) -> NullCurves:
    """Curves of random splits of the same sizes. credit [checkpoint, pair], is_train [pair]; both sides have pairs."""
    return _null_curves("random-split", credit, is_train, np.zeros(len(is_train), dtype=np.int64), draws, seed)


def within_lemma_curves(credit: Floats, is_train: Flags, clusters: Integers, draws: int, seed: list[int]) -> NullCurves:
    """Curves of labels permuted inside clusters [pair]; those of a cluster with one label only cannot move."""
    return _null_curves("within-lemma", credit, is_train, clusters, draws, seed)


def permuted_labels(is_train: Flags, clusters: Integers, draws: int, seed: list[int]) -> Iterator[Flags]:
    """Blocks of [draw, pair]: labels shuffled inside each cluster, every arrangement as likely as any other."""
    generator = np.random.default_rng(seed)
    places = [np.flatnonzero(clusters == cluster) for cluster in np.unique(clusters)]
    movable = [place for place in places if 0 < is_train[place].sum() < len(place)]
    rows = max(1, BLOCK // len(is_train))
    for start in range(0, draws, rows):
        labels = np.tile(is_train, (min(rows, draws - start), 1))
        for place in movable:
            labels[:, place] = generator.permuted(labels[:, place], axis=1)
        yield labels


def _null_curves(
    test: Test, credit: Floats, is_train: Flags, clusters: Integers, draws: int, seed: list[int]
) -> NullCurves:
    can_move = len(np.intersect1d(clusters[is_train], clusters[~is_train])) > 0
    # single precision is exact here: credits in halves, sums far below 2^24; so equal splits give equal lags
    single = credit.T.astype(np.float32)
    blocks = [is_train[None, :], *permuted_labels(is_train, clusters, draws if can_move else 0, seed)]
    sums = np.concatenate([block.astype(np.float32) @ single for block in blocks]).astype(np.float64)
    pairs = int(is_train.sum())
    train, validation = sums / pairs, (credit.sum(axis=1) - sums) / (len(is_train) - pairs)
    return NullCurves(test, train, validation, None if can_move else CANNOT_MOVE)


def null_test(test: Test, lags: Floats, reason: str | None) -> NullTest:
    """The test of lags [1 + draw], the observed one first, NaN where there is none; `reason` says why there is no test.

    Phipson and Smyth (2010), Permutation p-values should never be zero, Statistical Applications in Genetics and
    Molecular Biology 9(1), 39: p = (b + 1) / (m + 1) is exact where arrangements are drawn at random.
    """
    observed, null = float(lags[0]), lags[1:]
    if np.isnan(observed):
        reason = reason or "there is no lag to test"
    undefined = np.isnan(null)
    at_least = 0 if np.isnan(observed) else int((undefined | (null >= observed - ROUNDING)).sum())
    low, median, high = _quantiles(null[~undefined])
    p = None if reason else (at_least + 1) / (len(null) + 1)
    return NullTest(test, p, at_least, len(null), int(undefined.sum()), low, median, high, reason)


def _quantiles(null: Floats) -> tuple[float | None, float | None, float | None]:
    if not len(null):
        return None, None, None
    ordered = np.sort(null)
    shares = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
    low, median, high = (float(ordered[round(share * (len(null) - 1))]) for share in shares)
    return low, median, high
