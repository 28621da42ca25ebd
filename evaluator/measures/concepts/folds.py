"""Which pairs a direction is fitted on, and which it is tested on: a pair never on both, nor a lemma when so asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.scored import Flags, Integers
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class Cell:
    """One fit and its test; both hold at least one pair."""

    fit: Integers  # places of pairs
    test: Integers  # places of pairs


def split_cell(is_fit: Flags, is_test: Flags) -> tuple[Cell, ...]:
    """One cell: fitted on the pairs of `is_fit` [pair], tested on those of `is_test` [pair]; none where one is empty.

    Lemmas may be on both sides. Raises EvaluationError where a pair is.
    """
    if (is_fit & is_test).any():
        raise EvaluationError(
            f"{int((is_fit & is_test).sum()):,} pairs would be both fitted and tested on. "
            "Ask for folds to test the pairs that are fitted on."
        )
    return _cells([(is_fit, is_test)])


def disjoint_cells(
    is_fit: Flags, is_test: Flags, factors: Sequence[Integers], n_folds: int, seed: int
) -> tuple[Cell, ...]:
    """Cells whose fitted and tested pairs share no cluster of any factor; each pair of `is_test` is tested once.

    A factor [pair] numbers clusters (critical lemma contrasts, context lemmas; a negative number is none, and ties to
    nobody). Each is cut into folds; a cell tests the pairs in one fold of every factor, and is fitted on those in other
    folds of every factor: n_folds cells for one factor, n_folds² for two crossed ones. A test pair with nothing to fit
    on is in no cell; with one cluster there is no cell. `is_fit` and `is_test` [pair] may overlap.
    """
    if not factors or n_folds < 2:
        raise EvaluationError(f"{len(factors)} factors in {n_folds} folds: give at least one factor and two folds.")
    folds = np.stack([grouped_folds(clusters, n_folds, seed) for clusters in factors])  # [factor, pair]
    combinations = np.unique(folds[:, is_test], axis=1).T
    return _cells([
        (is_fit & (folds != cell[:, None]).all(axis=0), is_test & (folds == cell[:, None]).all(axis=0))
        for cell in combinations
    ])  # fmt: skip


def grouped_folds(clusters: Integers, n_folds: int, seed: int) -> Integers:
    """[pair] The fold of each pair: those of one cluster [pair] in the same, folds of sizes as even as clusters allow.

    Clusters are shuffled by `seed`, then go, the largest first, to the fold that has least.
    """
    names, numbers = np.unique(without_negative(clusters), return_inverse=True)
    sizes = np.bincount(numbers, minlength=len(names))
    shuffled = np.random.default_rng(seed).permutation(len(names))
    fold_of, filled = np.zeros(len(names), dtype=np.int64), np.zeros(n_folds, dtype=np.int64)
    for cluster in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of[cluster] = np.argmin(filled)
        filled[fold_of[cluster]] += sizes[cluster]
    return fold_of[numbers]


def without_negative(clusters: Integers) -> Integers:
    """[pair] The same clusters; a pair with a negative number is one of its own."""
    own = clusters.max(initial=-1) + 1 + np.arange(len(clusters))
    return np.where(clusters < 0, own, clusters)


def _cells(masks: Sequence[tuple[Flags, Flags]]) -> tuple[Cell, ...]:
    places = [(np.flatnonzero(fit), np.flatnonzero(test)) for fit, test in masks]
    return tuple(Cell(fit, test) for fit, test in places if len(fit) and len(test))
