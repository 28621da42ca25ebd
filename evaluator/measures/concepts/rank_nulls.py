"""Effective ranks at equal numbers of pairs, because they grow with them; beside nulls made at the same number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from evaluator.intervals import LEVEL
from evaluator.measures.concepts.effective_rank import centred_singular_values, effective_rank, participation_ratio
from evaluator.measures.concepts.label_signs import label_signs
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.permutation_null import ROUNDING, NulledValue, nulled
from evaluator.nulls import permuted_labels
from evaluator.scored import Flags, Floats, Integers
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class Ranks:
    """Of several sets of `pairs` concept vectors each."""

    pairs: int
    effective: Floats  # [set] effective rank; NaN where it cannot be said
    participation: Floats  # [set] participation ratio

    def spread(self, values: Floats) -> tuple[float, float, float]:
        """Mean and central 95 % over sets: how much the choice of pairs matters, no interval of sampling."""
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(values.mean()), float(low), float(high)


@dataclass(frozen=True)
class NulledRanks:
    """The mean over subsets of `pairs` pairs, beside the null's sets of as many; None where no rank can be said.

    p compare each set of the null with the real pairs of the same subset, since a mean over subsets varies less than
    any one of them.
    """

    pairs: int
    effective: NulledValue
    participation: NulledValue


def equal_subsets(n_pairs: int, size: int, resamples: int, seed: int) -> Integers:
    """[subset, size] Places of `size` of `n_pairs` pairs, without replacement; one row of all where size is n_pairs.

    The same arguments give the same subsets: of two checkpoints, ranks are compared subset by subset. Raises
    EvaluationError where there are fewer pairs than that, or fewer than two are asked for.
    """
    if not 2 <= size <= n_pairs:
        raise EvaluationError(
            f"Ranks at {size:,} pairs were asked for and there are {n_pairs:,}. Ask for 2 up to the number of pairs "
            "of the smallest group that is compared."
        )
    if size == n_pairs:
        return np.arange(n_pairs)[None, :]
    generator = np.random.default_rng([seed, n_pairs, size])
    return np.stack([np.sort(generator.choice(n_pairs, size, replace=False)) for _ in range(resamples)])


def ranks_of(sets: Iterable[Floats]) -> Ranks:
    """Of sets of concept vectors [pair, d_model], all of the same number of pairs."""
    held = [(len(one), centred_singular_values(one)) for one in sets]
    return Ranks(
        pairs=held[0][0] if held else 0,
        effective=np.array([effective_rank(values) for _, values in held]),
        participation=np.array([participation_ratio(values) for _, values in held]),
    )


def ranks_at(states: PairStates, subsets: Integers) -> Ranks:
    """Of the concept vectors of each subset [subset, size]."""
    differences = states.differences
    return ranks_of(differences[subset] for subset in subsets)


def label_null(states: PairStates, subsets: Integers, units: Integers, draws: int, seed: int) -> NulledRanks:
    """Beside permuted labels: each unit [pair] of vectors turned round by a coin, so that no common direction is left.

    Where the vectors share a direction, centring takes it from the real ones, and the null keeps it as variance along
    one line: its ranks are the lower. Draws take the subsets in turn.
    """
    signs = label_signs(units, draws, seed)[1:]
    differences = states.differences
    null = ranks_of(signs[k][chosen][:, None] * differences[chosen] for k, chosen in _in_turn(subsets, draws))
    return _nulled(ranks_at(states, subsets), null)


def mismatch_null(states: PairStates, subsets: Integers, draws: int, seed: int) -> NulledRanks:
    """Beside differences of sentences that belong to different pairs: good sides less bad sides dealt out anew.

    It says whether what differs within a pair fills fewer dimensions than what differs between any two sentences.
    """
    generator = np.random.default_rng(seed)
    null = ranks_of(
        states.good[chosen] - states.bad[generator.permutation(chosen)] for _, chosen in _in_turn(subsets, draws)
    )
    return _nulled(ranks_at(states, subsets), null)


def group_difference(
    states: PairStates, is_first: Flags, clusters: Integers, size: int, resamples: int, draws: int, seed: int
) -> NulledRanks:
    """Rank of the pairs of `is_first` [pair] less that of the others, at `size` pairs each, beside permuted membership.

    Membership is permuted inside clusters [pair]; zeros let any pair change places. Every draw compares means over as
    many subsets as the real groups.
    """
    labels = np.concatenate([is_first[None, :], *permuted_labels(is_first, clusters, draws, [seed])])
    rows = [_group_gap(states, row, size, resamples, seed) for row in labels]
    effective, participation = np.array(rows).T
    can_move = bool((labels != is_first).any())
    return NulledRanks(size, nulled(effective, can_move), nulled(participation, can_move))


def _group_gap(states: PairStates, is_first: Flags, size: int, resamples: int, seed: int) -> tuple[float, float]:
    first, second = (
        ranks_at(part, equal_subsets(len(part), size, resamples, seed))
        for part in (states.take(np.flatnonzero(is_first)), states.take(np.flatnonzero(~is_first)))
    )
    return (
        float(first.effective.mean() - second.effective.mean()),
        float(first.participation.mean() - second.participation.mean()),
    )


def _in_turn(subsets: Integers, draws: int) -> Iterable[tuple[int, Integers]]:
    return ((draw, subsets[draw % len(subsets)]) for draw in range(draws))


def _nulled(observed: Ranks, null: Ranks) -> NulledRanks:
    return NulledRanks(
        observed.pairs,
        _beside(observed.effective, null.effective),
        _beside(observed.participation, null.participation),
    )


def _beside(observed: Floats, null: Floats) -> NulledValue:
    """The mean of observed [subset], and p from null [draw], whose draws took the subsets in turn."""
    found = nulled(np.concatenate([[observed.mean()], null]))
    if found.p_high is None:
        return found
    gap = null - observed[np.arange(len(null)) % len(observed)]
    high, low = ((1 + int(one.sum())) / (1 + len(null)) for one in (gap >= -ROUNDING, gap <= ROUNDING))
    return replace(found, p_high=high, p_low=low)
