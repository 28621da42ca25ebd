"""Clusters of pairs against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from made_scores import table

from evaluator.clusters import count_clusters, critical_clusters, effective_number, mixed_clusters


def test_equal_clusters_count_whole_and_unequal_ones_less() -> None:
    """Ten of equal size are ten; nine pairs in one and one in another are 100 / 82."""
    assert effective_number(np.repeat(np.arange(10), 7)) == pytest.approx(10)
    assert effective_number(np.array([0] * 9 + [1])) == pytest.approx(100 / 82)
    assert effective_number(np.empty(0, dtype=np.int64)) == 0


def test_pairs_without_a_lemma_are_clusters_of_their_own() -> None:
    """Two pairs of one lemma share a cluster, two without any do not."""
    clusters = critical_clusters(table(["a", "", "a", ""]))
    assert clusters[0] == clusters[2]
    assert len(set(clusters.tolist())) == 3


def test_counts_by_hand() -> None:
    """a is on both sides with three pairs, b on one side, c on both with two, and one pair has no lemma."""
    pairs = table(["a", "a", "a", "b", "b", "c", "c", ""], ["x", "x", "y", "y", "", "x", "x", "x"])
    is_train = np.array([1, 0, 0, 1, 1, 0, 1, 1], dtype=bool)
    found = count_clusters(pairs, is_train, ("critical", "context"))
    assert (found.pairs, found.critical, found.context, found.mixed, found.movable) == (8, 4, 2, 2, 5)
    assert found.effective == pytest.approx(64 / (9 + 4 + 4 + 1))
    assert found.effective_context == pytest.approx(49 / (25 + 4))
    assert found.effective_mixed == pytest.approx(25 / (9 + 4))
    assert mixed_clusters(critical_clusters(pairs), is_train).tolist() == [True] * 3 + [False] * 2 + [True] * 2 + [
        False
    ]


def test_no_context_word_is_no_context_cluster() -> None:
    """Where no pair has a context word nothing is said of context clusters."""
    found = count_clusters(table(["a", "b"]), np.array([True, False]), ("critical",))
    assert (found.context, found.effective_context, found.mixed) == (None, None, 0)
