"""Concept vectors of grammaticality: the direction from bad to good sentences, and whether it generalises.

Muckatira et al. (2026), arXiv 2606.00230 (EXP): v_i = h_good − h_bad at one token and one layer, v̄ its mean over
proxy-train, AUROC of h·v̄ over proxy-validation, effective rank of the mean-centred v_i of all pairs. Beside it, in
everything: permuted labels, directions that have not met the lemmas that they are tested on, and a linear probe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.clusters import critical_clusters
from evaluator.lemma_weights import ResamplingUnits
from evaluator.measures.concepts.folds import disjoint_cells, split_cell
from evaluator.measures.concepts.linear_probe import ridge_probe
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.position import Position
from evaluator.measures.concepts.rank_nulls import (
    NulledRanks,
    Ranks,
    equal_subsets,
    label_null,
    mismatch_null,
    ranks_of,
)
from evaluator.measures.concepts.readout import mean_difference
from evaluator.measures.concepts.separation import CrossFittedScores, Separation, cross_fitted_scores
from evaluator.scored import Flags, Floats, Integers, PairTable
from evaluator.split import Split
from exposure.errors import EvaluationError

FEWEST_RANKED = 2
FEWEST_CONTEXTS = 20
"""Context lemmas with which crossed folds are made. With few, leaving one out leaves the rest unlike it (of this, that,
these and those the rest is mostly of the other number), and v̄ points to the form of the others: far below ½."""


@dataclass(frozen=True, slots=True)
class ConceptSpec:
    """What is decided before anything is measured; the same for every layer, checkpoint and paradigm compared."""

    position: Position = "last-word"
    folds: int = 5
    """Of lemmas, for lemma-disjoint directions and for the probe."""
    penalty: float = 0.1
    """Of the probe, as a share of a feature's variance (linear_probe.py)."""
    draws: int = 200
    """Permutations of labels: p is at least 1 / (draws + 1)."""
    rank_draws: int = 99
    """The same for ranks, each of which needs the eigenvalues of a matrix."""
    rank_pairs: int | None = None
    """Pairs at which ranks are taken. None: all, and then ranks of paradigms of other sizes do not compare."""
    resamples: int = 20
    """Subsets of so many pairs, where there are more."""
    seed: int = 0

    @property
    def convention(self) -> str:
        """For Measurement.convention."""
        ranks = "all" if self.rank_pairs is None else str(self.rank_pairs)
        return (
            f"{self.position}, {self.folds} lemma folds, ridge {self.penalty:g}, {self.draws} permutations, "
            f"ranks at {ranks} pairs × {self.resamples} beside {self.rank_draws} permutations, seed {self.seed}"
        )


@dataclass(frozen=True)
class ConceptPairs:
    """What is known of the pairs whose states are given, in the same order."""

    is_train: Flags  # [pair]
    is_validation: Flags  # [pair]
    critical: Integers  # [pair] number of the critical lemma contrast; one of its own where there is none
    context: Integers | None  # [pair] number of the context lemma, −1 where there is none; None where they do not vary

    @classmethod
    def of(cls, pairs: PairTable, split: Split) -> ConceptPairs:
        """Of the pairs of one paradigm and their parts."""
        units = ResamplingUnits.of(pairs)
        context = units.context_clusters if "context" in units.resampled else None
        return cls(split.is_train, split.is_validation, critical_clusters(pairs), context)

    def __len__(self) -> int:
        return len(self.critical)


@dataclass(frozen=True)
class ConceptLayer:
    """What is measured of one paradigm at one layer, position and checkpoint."""

    direction: Floats | None  # [d_model] v̄ over proxy-train; None without a pair there
    mean_length: float
    """Mean |v_i| over all pairs; |v̄| beside it says how much they agree."""
    identical: int
    """Pairs whose two sides have the very same state here, and so no v_i."""
    validation: Separation
    """EXP's: v̄ of proxy-train on proxy-validation."""
    disjoint: Separation
    """The same, each test pair by the v̄ of proxy-train pairs in other folds of critical lemma contrasts."""
    crossed: Separation | None
    """The same, in other folds of critical and of context lemmas; None with fewer than FEWEST_CONTEXTS of these."""
    probe: dict[str, Separation]
    """Of a probe fitted on pairs of both parts in other lemma folds: by split (everything, proxy-train …). Without any
    split everything is all pairs."""
    all_ranks: Ranks | None
    """EXP's: of all pairs at once; None with fewer than two pairs."""
    label_ranks: NulledRanks | None
    """At `rank_pairs` pairs, beside permuted labels; None with fewer than two pairs."""
    mismatch_ranks: NulledRanks | None
    """The same, beside differences between sentences of different pairs."""


def concept_layer(states: PairStates, pairs: ConceptPairs, spec: ConceptSpec) -> ConceptLayer:
    """Everything of one layer; the embedding layer is one like any other, and the control for word form.

    Raises EvaluationError where states and pairs are not as many, or there are fewer pairs than `rank_pairs`.
    """
    if len(states) != len(pairs):
        raise EvaluationError(f"States of {len(states):,} pairs for {len(pairs):,} pairs: give one row a pair.")
    train = states.take(np.flatnonzero(pairs.is_train))
    both = () if pairs.context is None or _levels(pairs.context) < FEWEST_CONTEXTS else (pairs.critical, pairs.context)
    return ConceptLayer(
        direction=train.differences.mean(axis=0) if len(train) else None,
        mean_length=float(np.linalg.norm(states.differences, axis=1).mean()) if len(states) else 0.0,
        identical=int(states.are_identical.sum()),
        validation=_of_split(states, pairs, spec).separation(),
        disjoint=_of_folds(states, pairs, spec, (pairs.critical,)).separation(),
        crossed=_of_folds(states, pairs, spec, both).separation() if both else None,
        probe=_probe(states, pairs, spec),
        all_ranks=ranks_of([states.differences]) if len(states) >= FEWEST_RANKED else None,
        **_nulled_ranks(states, pairs, spec),
    )


def _levels(context: Integers) -> int:
    return len(np.unique(context[context >= 0]))


def _of_split(states: PairStates, pairs: ConceptPairs, spec: ConceptSpec) -> CrossFittedScores:
    cells = split_cell(pairs.is_train, pairs.is_validation)
    return cross_fitted_scores(states, cells, mean_difference, pairs.critical, spec.draws, spec.seed)


def _of_folds(
    states: PairStates, pairs: ConceptPairs, spec: ConceptSpec, factors: tuple[Integers, ...]
) -> CrossFittedScores:
    cells = disjoint_cells(pairs.is_train, pairs.is_validation, factors, spec.folds, spec.seed)
    return cross_fitted_scores(states, cells, mean_difference, pairs.critical, spec.draws, spec.seed)


def _probe(states: PairStates, pairs: ConceptPairs, spec: ConceptSpec) -> dict[str, Separation]:
    everything = pairs.is_train | pairs.is_validation
    if not everything.any():  # no split: a probe needs none
        everything = np.ones(len(pairs), dtype=bool)
    cells = disjoint_cells(everything, everything, (pairs.critical,), spec.folds, spec.seed)
    fit = ridge_probe(spec.penalty)
    scores = cross_fitted_scores(states, cells, fit, pairs.critical, spec.draws, spec.seed)
    parts = {"everything": everything, "proxy-train": pairs.is_train, "proxy-validation": pairs.is_validation}
    return {split: scores.separation(is_counted) for split, is_counted in parts.items()}


def _nulled_ranks(states: PairStates, pairs: ConceptPairs, spec: ConceptSpec) -> dict[str, NulledRanks | None]:
    if spec.rank_pairs is None and len(states) < FEWEST_RANKED:
        return {"label_ranks": None, "mismatch_ranks": None}
    subsets = equal_subsets(len(states), spec.rank_pairs or len(states), spec.resamples, spec.seed)
    return {
        "label_ranks": label_null(states, subsets, pairs.critical, spec.rank_draws, spec.seed),
        "mismatch_ranks": mismatch_null(states, subsets, spec.rank_draws, spec.seed),
    }
