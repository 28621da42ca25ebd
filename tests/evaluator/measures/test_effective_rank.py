"""Ranks against planted ones, plain sums and scipy; and their nulls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluator.measures.concepts.effective_rank import centred_singular_values, effective_rank, participation_ratio
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.rank_nulls import (
    equal_subsets,
    group_difference,
    label_null,
    mismatch_null,
    ranks_at,
)
from exposure.errors import EvaluationError


def vectors(pairs: int, width: int, rank: int, seed: int) -> np.ndarray:
    """Gaussian vectors in a random subspace of this rank."""
    generator = np.random.default_rng(seed)
    basis = np.linalg.qr(generator.normal(size=(width, rank)))[0]
    return generator.normal(size=(pairs, rank)) @ basis.T


def against_zero(differences: np.ndarray) -> PairStates:
    return PairStates.of(differences, np.zeros_like(differences))


@pytest.mark.parametrize("rank", [1, 3, 7])
def test_equal_planted_directions_are_counted(rank: int) -> None:
    """± each of k orthogonal vectors of one length, about any mean: both figures are k."""
    width = 20
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(width, rank)))[0].T
    values = centred_singular_values(np.concatenate([basis, -basis]) + 3.0)
    assert effective_rank(values) == pytest.approx(rank, rel=1e-9)
    assert participation_ratio(values) == pytest.approx(rank, rel=1e-9)


def test_formulas_are_those_of_plain_sums_and_scipy() -> None:
    """exp of scipy's entropy of σ / Σσ; (Σλ)² / Σλ² with λ the eigenvalues of numpy's covariance."""
    stats = pytest.importorskip("scipy.stats")
    differences = np.random.default_rng(1).normal(size=(30, 12)) * np.arange(1, 13) + 5
    eigenvalues = np.linalg.eigvalsh(np.cov(differences.T))
    values = centred_singular_values(differences)
    assert effective_rank(values) == pytest.approx(math.exp(stats.entropy(np.sqrt(eigenvalues))), rel=1e-9)
    total = sum(eigenvalues.tolist())
    assert participation_ratio(values) == pytest.approx(total**2 / sum(one**2 for one in eigenvalues.tolist()))


@pytest.mark.parametrize(("pairs", "width"), [(30, 50), (50, 30)])
def test_values_are_those_of_the_singular_value_decomposition(pairs: int, width: int) -> None:
    """Over five orders of magnitude and far from the origin, whichever side of the matrix is the longer."""
    spread = np.logspace(0, -5, 20)
    basis = np.linalg.qr(np.random.default_rng(2).normal(size=(width, 20)))[0].T
    differences = np.random.default_rng(3).normal(size=(pairs, 20)) * spread @ basis + 4.0
    expected = np.linalg.svd(differences - differences.mean(axis=0), compute_uv=False)
    values = centred_singular_values(differences)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6 * expected[0])
    assert effective_rank(values) == pytest.approx(effective_rank(expected), rel=1e-4)
    assert participation_ratio(values) == pytest.approx(participation_ratio(expected), rel=1e-9)


def test_scale_and_mean_do_not_matter() -> None:
    """Concept vectors of checkpoints with states of other lengths are compared as they are."""
    differences = vectors(40, 16, 9, 2)
    one, other = centred_singular_values(differences), centred_singular_values(1e6 * (differences + 2.5))
    assert effective_rank(one) == pytest.approx(effective_rank(other), rel=1e-9)
    assert participation_ratio(one) == pytest.approx(participation_ratio(other), rel=1e-9)


@pytest.mark.parametrize(
    "differences", [np.zeros((0, 4)), np.full((1, 4), 2.0), np.full((9, 4), 1 / 3), np.zeros((9, 4))]
)
def test_vectors_that_are_all_the_same_have_no_rank(differences: np.ndarray) -> None:
    """Nothing, one vector, or the same one over and over: NaN, and not the rank of rounding errors."""
    values = centred_singular_values(differences)
    assert math.isnan(effective_rank(values))
    assert math.isnan(participation_ratio(values))


def test_ranks_grow_with_pairs_and_are_equal_at_equal_numbers() -> None:
    """300 and 60 pairs of one distribution: far apart at all pairs, together at 60."""
    large, small = against_zero(vectors(300, 80, 80, 3)), against_zero(vectors(60, 80, 80, 4))
    at_all, alone = ranks_at(large, equal_subsets(300, 300, 1, 0)), ranks_at(small, equal_subsets(60, 60, 1, 0))
    at_equal = ranks_at(large, equal_subsets(300, 60, 10, 0))
    assert at_all.effective[0] > 1.3 * alone.effective[0]
    assert at_equal.effective.mean() == pytest.approx(alone.effective[0], rel=0.02)
    assert at_equal.pairs == 60
    assert at_equal.effective.shape == (10,)
    low, high = at_equal.spread(at_equal.effective)[1:]
    assert at_equal.effective.min() <= low < high <= at_equal.effective.max()


def test_subsets_are_drawn_without_replacement_and_are_the_same_again() -> None:
    """Every subset holds distinct pairs, subsets differ, and two checkpoints get the same ones."""
    subsets = equal_subsets(30, 12, 8, 5)
    assert subsets.shape == (8, 12)
    assert all(len(set(one)) == 12 and set(one) <= set(range(30)) for one in subsets.tolist())
    assert len({tuple(one) for one in subsets.tolist()}) == 8
    np.testing.assert_array_equal(subsets, equal_subsets(30, 12, 8, 5))
    np.testing.assert_array_equal(equal_subsets(30, 30, 8, 5), np.arange(30)[None])


@pytest.mark.parametrize("size", [1, 31])
def test_a_rank_at_more_pairs_than_there_are_is_refused(size: int) -> None:
    """It says how many there are."""
    with pytest.raises(EvaluationError, match=f"Ranks at {size} pairs were asked for and there are 30"):
        equal_subsets(30, size, 8, 5)


def test_a_shared_direction_is_seen_beside_permuted_labels() -> None:
    """Centring takes it from the real vectors; turned round by a coin it stays, and the null is lower."""
    shared = against_zero(vectors(50, 20, 20, 6) + 30.0)
    found = label_null(shared, equal_subsets(50, 50, 1, 0), np.arange(50), 40, 0)
    assert found.effective.null_high is not None
    assert found.effective.value is not None
    assert found.effective.null_high < found.effective.value
    assert found.effective.p_high == pytest.approx(1 / 41)
    assert found.participation.null_mean == pytest.approx(1, abs=0.1)
    without = label_null(against_zero(vectors(50, 20, 20, 6)), equal_subsets(50, 50, 1, 0), np.arange(50), 40, 0)
    assert without.effective.value == pytest.approx(without.effective.null_mean, rel=0.02)


def test_a_contrast_of_few_dimensions_is_seen_beside_mismatched_pairs() -> None:
    """Sentences that fill 30 dimensions, sides that differ in two: p_low is the least there is; not so for noise."""
    sentences = np.random.default_rng(7).normal(size=(40, 30))
    subsets = equal_subsets(40, 25, 6, 0)
    found = mismatch_null(PairStates.of(sentences + vectors(40, 30, 2, 8), sentences), subsets, 30, 0)
    assert found.effective.value == pytest.approx(2, abs=0.1)
    assert found.effective.null_mean is not None
    assert found.effective.null_mean > 15
    assert found.effective.p_low == pytest.approx(1 / 31)
    noise = PairStates.of(sentences, np.random.default_rng(9).normal(size=(40, 30)))
    p_low = mismatch_null(noise, subsets, 30, 0).effective.p_low
    assert p_low is not None
    assert p_low > 0.05


def test_two_groups_are_compared_at_equal_numbers_beside_permuted_membership() -> None:
    """Rank 3 in 25 pairs against rank 12 in 60 is found; two parts of one distribution are not."""
    mixed = against_zero(np.concatenate([vectors(25, 20, 3, 10), vectors(60, 20, 12, 11)]))
    is_first = np.arange(85) < 25
    clusters = np.zeros(85, dtype=np.int64)
    found = group_difference(mixed, is_first, clusters, 20, 4, 60, 0)
    assert found.effective.value is not None
    assert found.effective.value < -4
    assert found.effective.p_low == pytest.approx(1 / 61)
    same = group_difference(against_zero(vectors(85, 20, 8, 12)), is_first, clusters, 20, 4, 60, 0)
    assert same.effective.p_low is not None
    assert same.effective.p_high is not None
    assert min(same.effective.p_low, same.effective.p_high) > 0.025
    apart = group_difference(mixed, is_first, is_first.astype(np.int64), 20, 4, 60, 0)
    assert apart.effective.p_low is None  # no label can move inside clusters of one group


def test_without_draws_there_is_a_value_and_no_null() -> None:
    """No p is made up."""
    found = label_null(against_zero(vectors(10, 5, 3, 13)), equal_subsets(10, 10, 1, 0), np.arange(10), 0, 0)
    assert found.effective.value is not None
    assert (found.effective.null_mean, found.effective.p_low, found.effective.draws) == (None, None, 0)
