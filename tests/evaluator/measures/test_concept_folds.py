"""Folds, cells and permuted labels: what must never straddle does not, whatever the clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.measures.concepts.folds import disjoint_cells, grouped_folds, split_cell, without_negative
from evaluator.measures.concepts.label_signs import label_signs
from exposure.errors import EvaluationError

CLUSTERS = st.lists(st.integers(-1, 6), min_size=2, max_size=40).map(np.array)


@given(CLUSTERS, st.integers(2, 5), st.integers(0, 3))
@settings(max_examples=120, deadline=None)
def test_a_cluster_is_in_one_fold_and_folds_are_even(clusters: np.ndarray, n_folds: int, seed: int) -> None:
    """No cluster is cut, and no fold exceeds another by more than the largest cluster."""
    folds = grouped_folds(clusters, n_folds, seed)
    named = without_negative(clusters)
    for cluster in set(named.tolist()):
        assert len(set(folds[named == cluster].tolist())) == 1
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= np.unique(named, return_counts=True)[1].max()


@given(CLUSTERS, st.integers(0, 1000), st.integers(2, 4))
@settings(max_examples=120, deadline=None)
def test_fit_and_test_share_no_cluster_of_any_factor(critical: np.ndarray, seed: int, n_folds: int) -> None:
    """With crossed factors, no lemma of either kind is on both sides of a cell, and no pair is tested twice."""
    generator = np.random.default_rng(seed)
    context = generator.integers(-1, 5, len(critical))
    is_fit, is_test = generator.random((2, len(critical))) < 0.6
    tested: list[int] = []
    for cell in disjoint_cells(is_fit, is_test, (critical, context), n_folds, seed):
        assert is_fit[cell.fit].all()
        assert is_test[cell.test].all()
        assert len(cell.fit) > 0
        for factor in (without_negative(critical), without_negative(context)):
            assert not set(factor[cell.fit].tolist()) & set(factor[cell.test].tolist())
        tested += cell.test.tolist()
    assert len(tested) == len(set(tested))


def test_with_enough_clusters_every_pair_is_tested_once_and_fitted_with_all_other_folds() -> None:
    """One factor of many clusters: the tests make up all pairs, and a fit is everything but its test."""
    clusters = np.repeat(np.arange(12), 5)
    everything = np.ones(60, dtype=bool)
    cells = disjoint_cells(everything, everything, (clusters,), 4, 0)
    assert len(cells) == 4
    assert sorted(np.concatenate([cell.test for cell in cells]).tolist()) == list(range(60))
    for cell in cells:
        assert sorted([*cell.fit.tolist(), *cell.test.tolist()]) == list(range(60))


def test_one_cluster_cannot_be_held_against_another() -> None:
    """With one cluster there is no cell, instead of a fit on nothing."""
    everything = np.ones(6, dtype=bool)
    assert disjoint_cells(everything, everything, (np.zeros(6, dtype=np.int64),), 5, 0) == ()


def test_a_pair_is_never_fitted_and_tested_in_a_plain_split() -> None:
    """Overlapping masks are refused, and empty ones give no cell."""
    masks = np.array([True, True, False]), np.array([False, True, True])
    with pytest.raises(EvaluationError, match="1 pairs would be both"):
        split_cell(*masks)
    assert split_cell(masks[0], np.zeros(3, dtype=bool)) == ()
    (cell,) = split_cell(masks[0], ~masks[0])
    assert (cell.fit.tolist(), cell.test.tolist()) == ([0, 1], [2])


@pytest.mark.parametrize(("factors", "n_folds"), [((), 5), ((np.zeros(3, dtype=np.int64),), 1)])
def test_folds_need_a_factor_and_two_folds(factors: tuple[np.ndarray, ...], n_folds: int) -> None:
    """What can hold nothing apart is refused."""
    with pytest.raises(EvaluationError, match="at least one factor and two folds"):
        disjoint_cells(np.ones(3, dtype=bool), np.ones(3, dtype=bool), factors, n_folds, 0)


def test_labels_flip_by_unit_with_a_fair_coin() -> None:
    """Row 0 is the labels as they are; pairs of a unit flip together; others independently, half of the time."""
    units = np.array([7, 7, 3, -1, -1, 3])
    signs = label_signs(units, 4000, 5)
    assert signs.shape == (4001, 6)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert (signs[0] == 1).all()
    assert (signs[:, 0] == signs[:, 1]).all()
    assert (signs[:, 2] == signs[:, 5]).all()
    free = signs[1:][:, [0, 2, 3, 4]]
    assert np.abs(free.mean(axis=0)).max() < 0.08
    assert np.abs(np.corrcoef(free.T) - np.eye(4)).max() < 0.08
    np.testing.assert_array_equal(signs, label_signs(units, 4000, 5))
    assert (signs != label_signs(units, 4000, 6)).any()
