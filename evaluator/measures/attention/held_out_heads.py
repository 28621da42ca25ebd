"""One split of clusters in halves: heads chosen on the one, their effect and p taken on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.measures.attention.sign_flips import Alternative, max_t
from evaluator.scored import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """How heads are chosen and tested."""

    splits: int = 100
    draws: int = 999
    alpha: float = 0.05
    """Chosen are the heads whose max-T p on the choosing half is at most this."""
    alternative: Alternative = "greater"
    seed: int = 0

    @property
    def convention(self) -> str:
        """For stored values and people."""
        return (
            f"max-T sign flips of clusters, {self.alternative}, α {self.alpha:g} on half of them, p × 2 median over "
            f"{self.splits} splits, {self.draws} draws, seed {self.seed}"
        )


@dataclass(frozen=True)
class KnownContrasts:
    """Pairs that have a contrast."""

    values: Floats  # [pair, head]
    clusters: Integers  # [pair]
    context: Integers | None  # [pair] numbers from 0; −1 where it has none

    def take(self, is_in: Flags) -> KnownContrasts:
        """The pairs marked in `is_in` [pair]."""
        return KnownContrasts(
            self.values[is_in], self.clusters[is_in], None if self.context is None else self.context[is_in]
        )

    def max_t(self, spec: SelectionSpec, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """[head], [head] Statistics and adjusted p."""
        return max_t(self.values, self.clusters, spec.draws, generator, spec.alternative, self.context)

    def p_by_context(self, spec: SelectionSpec, generator: np.random.Generator) -> Floats:
        """[head] Adjusted p with context lemmas flipped whole; 0 where pairs share none."""
        if self.context is None:
            return np.zeros(self.values.shape[1])
        own = self.context.max() + 1 + np.arange(len(self.context))
        units = np.where(self.context >= 0, self.context, own)
        return max_t(self.values, units, spec.draws, generator, spec.alternative)[1]


@dataclass(frozen=True)
class HeldOutSplit:
    """One split. Effects are NaN, and p is 1, where a head was not chosen."""

    is_chosen: Flags  # [head]
    p: Floats  # [head]
    chosen_effect: Floats  # [head]
    held_out_effect: Floats  # [head]
    best: tuple[float, float]
    """Effect of the best head on either half; NaN where a half has no pair."""


def _halved(levels: Integers, generator: np.random.Generator) -> Flags:
    """[pair] Whether its level of `levels` [pair] falls into the first half of a random order of all levels."""
    numbers, places = np.unique(levels, return_inverse=True)
    is_first = np.zeros(len(numbers), dtype=bool)
    is_first[generator.permutation(len(numbers))[: len(numbers) // 2]] = True
    return np.asarray(is_first[places])


def _halves(known: KnownContrasts, generator: np.random.Generator) -> tuple[Flags, Flags]:
    """[pair], [pair] Which pairs choose, and which are held out; those that have none of the other's levels."""
    is_first = _halved(known.clusters, generator)
    if known.context is None:
        return is_first, ~is_first
    has_none, is_first_context = known.context < 0, _halved(known.context, generator)
    return is_first & (is_first_context | has_none), ~is_first & (~is_first_context | has_none)


def held_out_split(known: KnownContrasts, spec: SelectionSpec, number: int) -> HeldOutSplit:
    """Split `number`: its halves and signs come from the seed and this number alone."""
    generator = np.random.default_rng([spec.seed, number])
    choosing, held_out = (known.take(half) for half in _halves(known, generator))
    n_heads = known.values.shape[1]
    p, nowhere = np.ones(n_heads), np.full(n_heads, np.nan)
    if not len(choosing.values) or not len(held_out.values):
        return HeldOutSplit(np.zeros(n_heads, dtype=bool), p, nowhere, nowhere, (float("nan"),) * 2)
    statistic, p_choosing = choosing.max_t(spec, generator)
    is_chosen = p_choosing <= spec.alpha
    if is_chosen.any():
        chosen = KnownContrasts(held_out.values[:, is_chosen], held_out.clusters, held_out.context)
        p[is_chosen] = chosen.max_t(spec, generator)[1]
    here, there = choosing.values.mean(axis=0), held_out.values.mean(axis=0)
    best, sign = _best(statistic, spec)
    return HeldOutSplit(
        is_chosen,
        p,
        chosen_effect=np.where(is_chosen, here, np.nan),
        held_out_effect=np.where(is_chosen, there, np.nan),
        best=(sign * float(here[best]), sign * float(there[best])),
    )


def _best(statistic: Floats, spec: SelectionSpec) -> tuple[int, float]:
    """The head of largest statistic, and the sign that makes its effect count upwards."""
    if spec.alternative == "greater":
        return int(np.argmax(statistic)), 1.0
    best = int(np.argmax(np.abs(statistic)))
    return best, -1.0 if statistic[best] < 0 else 1.0
