"""The copy test's figures against counting, scipy, and simulated samples with a known mean."""

from __future__ import annotations

import numpy as np
import pytest

from evaluator.measures.copying.copy_curve import (
    CopyOutcomes,
    copy_convention,
    copy_curve,
    copy_measurements,
    effective_queries,
)
from evaluator.measures.copying.copy_samples import CopySpec


def outcomes(exact: np.ndarray, seed: int = 0) -> CopyOutcomes:
    """[sample, position] → tokens: a wrong suffix has one wrong token, anywhere."""
    generator = np.random.default_rng(seed)
    right = np.ones((*exact.shape, 6), dtype=bool)
    for sample, position in np.argwhere(~exact.astype(bool)):
        right[sample, position, generator.integers(6)] = False
    positions = 5 * np.arange(1, exact.shape[1] + 1)
    return CopyOutcomes(positions, int(positions[-1]), right, np.zeros_like(right))


def test_shares_and_intervals() -> None:
    """Accuracies are counted over samples; their intervals are scipy's Wilson intervals."""
    stats = pytest.importorskip("scipy.stats")
    exact = np.random.default_rng(1).random((40, 10)) < np.linspace(0, 1, 10)
    curve = copy_curve(outcomes(exact))
    assert curve.accuracy.tolist() == [sum(column) / 40 for column in exact.T.tolist()]
    assert curve.mean == pytest.approx(sum(map(sum, exact.tolist())) / 400)
    for k, low, high in zip(exact.sum(axis=0), curve.low, curve.high, strict=True):
        expected = stats.binomtest(int(k), 40).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert curve.mean_low < curve.mean < curve.mean_high


def test_by_token() -> None:
    """Shares of right tokens at each of the six places, in order."""
    right = np.zeros((2, 2, 6), dtype=bool)
    right[..., 0] = True
    right[0, :, 3] = True
    curve = copy_curve(CopyOutcomes(np.array([5, 10]), 10, right, np.zeros_like(right)))
    assert curve.by_token.tolist() == [1, 0, 0, 0.5, 0, 0]
    assert curve.mean == 0


def test_ties() -> None:
    """A tied suffix counts as wrong and is counted apart; one that is wrong anyway is not."""
    right = np.ones((1, 3, 6), dtype=bool)
    tied = np.zeros_like(right)
    right[0, 1:, 2] = False
    tied[0, 1:, 2] = True
    right[0, 2, 4] = False
    curve = copy_curve(CopyOutcomes(np.array([5, 10, 15]), 15, right, tied))
    assert curve.accuracy.tolist() == [1, 0, 0]
    assert curve.undecided == 1


def test_effective_queries() -> None:
    """Ten queries that always agree tell what one does; independent ones what ten do; never more than all."""
    generator = np.random.default_rng(3)
    one = (generator.random(200) < 0.4).astype(float)
    assert effective_queries(np.tile(one[:, None], 10)) == pytest.approx(199)
    free = (generator.random((4000, 10)) < 0.4).astype(float)
    assert effective_queries(free) == pytest.approx(40_000, rel=0.1)
    by_position = np.tile([0.0, 1.0], (200, 5))
    assert effective_queries(by_position) == 2000
    assert effective_queries(np.ones((50, 10))) == 50
    assert effective_queries(np.zeros((50, 10))) == 50
    assert effective_queries(np.array([[0.0, 1.0]])) == 1


def test_coverage_of_the_mean() -> None:
    """The interval of the mean holds the truth in about 95 % of tests where samples differ in difficulty; one that
    took all queries as independent would not.
    """
    generator = np.random.default_rng(4)
    covered, naive = 0, 0
    for _ in range(300):
        difficulty = generator.beta(0.6, 0.9, size=(60, 1))
        exact = generator.random((60, 10)) < difficulty
        curve = copy_curve(outcomes(exact))
        covered += curve.mean_low <= 0.4 <= curve.mean_high
        naive += abs(exact.mean() - 0.4) <= 1.96 * np.sqrt(exact.mean() * (1 - exact.mean()) / 600)
    assert 0.92 <= covered / 300 <= 0.98
    assert naive / 300 < 0.8


def test_measurements() -> None:
    """The mean first, then a row for each position, with what they were counted over and how."""
    exact = np.array([[1, 0], [1, 1], [1, 0], [1, 1]])
    spec = CopySpec(n_samples=4)
    convention = copy_convention(spec, 10, "<s>", "float32")
    rows = copy_measurements(copy_curve(outcomes(exact)), 300, "tokens", convention)
    assert [(one.measure, one.level, one.group, one.value, one.n) for one in rows] == [
        ("copying-tokens", "overall", "all", 0.75, 8),
        ("copying-tokens", "position", "5", 1.0, 4),
        ("copying-tokens", "position", "10", 0.5, 4),
    ]
    assert {(one.step, one.split, one.layer, one.convention) for one in rows} == {(300, "everything", None, convention)}
    assert "4 samples of 10 of 50 sequences" in convention
    assert "after <s>" in convention
    assert all(one.low < one.high for one in rows if one.low is not None and one.high is not None)
