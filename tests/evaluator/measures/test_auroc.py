"""AUROC against a double loop, scikit-learn and scipy; ties are the point of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.measures.concepts.auroc import auroc, mean_ranks, paired_share

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


def slow_auroc(positives: list[float], negatives: list[float]) -> float:
    total = 0.0
    for positive in positives:
        for negative in negatives:
            total += 1.0 if positive > negative else 0.5 if positive == negative else 0.0
    return total / (len(positives) * len(negatives))


@given(SCORES, SCORES)
@settings(max_examples=150, deadline=None)
def test_is_the_share_of_comparisons_won_with_ties_half(positives: list[float], negatives: list[float]) -> None:
    """Every positive against every negative, counted one by one, gives the same number."""
    assert auroc(np.array(positives), np.array(negatives)) == pytest.approx(slow_auroc(positives, negatives), abs=1e-12)


def test_every_row_of_a_block_is_taken_alone() -> None:
    """Draws and layers can be leading axes, and none is mixed with another."""
    generator = np.random.default_rng(0)
    positives, negatives = generator.integers(0, 9, (3, 4, 20)) / 3, generator.integers(0, 9, (3, 4, 15)) / 3
    found = auroc(positives, negatives)
    expected = [[slow_auroc(list(p), list(n)) for p, n in zip(ps, ns, strict=True)] for ps, ns in zip(positives, negatives, strict=True)]  # fmt: skip  # noqa: E501
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_agrees_with_scikit_learn() -> None:
    """Scores in twentieths tie often; roc_auc_score gives the same area."""
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(1)
    positives, negatives = np.round(generator.normal(0.4, 1, 300), 1), np.round(generator.normal(0, 1, 200), 1)
    expected = metrics.roc_auc_score(np.repeat([1, 0], [300, 200]), np.concatenate([positives, negatives]))
    assert auroc(positives, negatives) == pytest.approx(expected, abs=1e-12)


def test_ranks_agree_with_scipy() -> None:
    """Equal scores share the mean of their ranks, row by row."""
    stats = pytest.importorskip("scipy.stats")
    scores = np.random.default_rng(2).integers(0, 6, (5, 30)).astype(np.float64)
    np.testing.assert_array_equal(mean_ranks(scores), stats.rankdata(scores, axis=1))


def test_without_one_class_there_is_no_value() -> None:
    """An empty side gives NaN for each row, never 0 or ½."""
    assert np.isnan(auroc(np.zeros((3, 0)), np.zeros((3, 5)))).tolist() == [True] * 3
    assert np.isnan(auroc(np.zeros((3, 5)), np.zeros((3, 0)))).tolist() == [True] * 3
    assert np.isnan(paired_share(np.zeros((2, 0)), np.zeros((2, 0)))).tolist() == [True] * 2


def test_pairs_are_compared_with_their_own_partner_only() -> None:
    """Pairs whose levels differ widely are all right for the paired share, and at chance for the AUROC."""
    level = np.arange(100.0) * 10
    assert paired_share(level + 1, level) == 1.0
    assert auroc(level + 1, level) == pytest.approx(0.5, abs=0.01)
    assert paired_share(np.array([2.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0])) == pytest.approx(0.5)
    assert paired_share(np.array([2.0, 1.0, 3.0]), np.array([1.0, 1.0, 1.0])) == pytest.approx(2.5 / 3)
