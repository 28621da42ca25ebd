"""The swap test: is a concept vector grammaticality, or the form of a word?"""

from __future__ import annotations

import numpy as np

from evaluator.measures.concepts.concept_vectors import ConceptSpec
from evaluator.measures.concepts.folds import disjoint_cells, split_cell
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.readout import mean_difference
from evaluator.measures.concepts.separation import Separation, cross_fitted_scores
from evaluator.scored import Integers
from exposure.errors import EvaluationError


def swap_test(
    source: PairStates, target: PairStates, critical: Integers, spec: ConceptSpec, *, lemma_disjoint: bool = False
) -> Separation:
    """v̄ of all pairs of one paradigm, tested on those of another where the same word form is on the other side.

    From irregular_past_participle_verbs to _adjectives: an AUROC below ½ (p_low small) says that v̄ is the form of a
    word, and not grammaticality. `critical` [source pair, then target pair] numbers lemma contrasts across both
    (critical_clusters of one PairTable with both); `lemma_disjoint` tests each lemma by the v̄ of others.
    """
    states = source.join(target)
    if len(critical) != len(states):
        raise EvaluationError(
            f"Lemma contrasts of {len(critical):,} pairs for {len(source):,} + {len(target):,} pairs: number those of "
            "both paradigms together, the source first."
        )
    is_source = np.arange(len(states)) < len(source)
    cells = (
        disjoint_cells(is_source, ~is_source, (critical,), spec.folds, spec.seed)
        if lemma_disjoint
        else split_cell(is_source, ~is_source)
    )
    return cross_fitted_scores(states, cells, mean_difference, critical, spec.draws, spec.seed).separation()
