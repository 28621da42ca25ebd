"""Worlds in which the true delay is known: pairs that share lemmas, and items that differ persistently in difficulty.

A pair is right at step t where g(t − delay of its side) + critical lemma + context lemma + item + noise(t) > 0; all but
the noise stay the same from checkpoint to checkpoint. All are normal, so over all lemmas and items the share of right
answers is Φ(g / spread), and true crossings, half-rise times and plateaus are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from typing import Literal

import numpy as np

from evaluator.conventions import PRESETS
from evaluator.crossings import crossing_steps, interpolated_steps
from evaluator.half_rise import half_rise_steps, plateau_checkpoints, plateau_of
from evaluator.scored import Flags, Floats, Integers, PairTable, ScoredSeries
from evaluator.split import TRAIN, VALIDATION, Split

Exposure = Literal["by pair", "by lemma", "mostly by lemma", "mostly by context", "easy lemmas", "easy pairs"]
"""What decides which pairs are proxy-train: chance for each pair; chance for each critical lemma, whole; a chance of
each critical (context) lemma that differs; how easy the critical lemma, or the pair itself, is."""

THRESHOLD = 0.80
RISE_AT = 800.0
RISE_WIDTH = 150.0


@dataclass(frozen=True)
class World:
    """How pairs come about. Spreads are standard deviations, on the scale on which accuracy is Φ."""

    pairs: int = 1000
    critical_lemmas: int = 50
    context_lemmas: int = 50
    critical_spread: float = 0.7
    context_spread: float = 0.5
    item_spread: float = 0.7
    noise: float = 0.5
    exposed: float = 0.4
    """Share of proxy-train."""
    exposure: Exposure = "by pair"
    delay: float = 0.0
    """Steps by which proxy-validation comes later."""
    plateau: float = 1.5
    validation_plateau: float = 1.5
    """Where g ends: 1.5 is an accuracy of 93 %."""
    steps: tuple[int, ...] = tuple(range(0, 2000, 100))

    @property
    def spread(self) -> float:
        """Of everything that is added to g."""
        return sqrt(self.critical_spread**2 + self.context_spread**2 + self.item_spread**2 + self.noise**2)

    def levels(self, is_train: bool) -> Floats:
        """[checkpoint] g / spread of one side."""
        since = np.array(self.steps) - (0.0 if is_train else self.delay) - RISE_AT
        return np.asarray((self.plateau if is_train else self.validation_plateau) / (1 + np.exp(-since / RISE_WIDTH)))

    def truth(self, is_train: bool) -> Floats:
        """[checkpoint] Accuracy over all lemmas and items there could be."""
        return np.array([(1 + erf(one / sqrt(2))) / 2 for one in self.levels(is_train)])

    def draw(self, generator: np.random.Generator) -> tuple[ScoredSeries, Split]:
        """One sample of pairs, scored by every checkpoint, and what each had been exposed to."""
        # some lemmas have many pairs, most have few
        commonness = generator.dirichlet(np.ones(self.critical_lemmas))
        critical = generator.choice(self.critical_lemmas, self.pairs, p=commonness)
        context = generator.integers(self.context_lemmas, size=self.pairs)
        of_critical = generator.normal(0, self.critical_spread, self.critical_lemmas)
        of_context = generator.normal(0, self.context_spread, self.context_lemmas)
        ease = of_critical[critical] + of_context[context] + generator.normal(0, self.item_spread, self.pairs)
        is_train = self._exposed(generator, critical, context, of_critical, ease)
        level = np.where(is_train, self.levels(True)[:, None], self.levels(False)[:, None]) * self.spread
        delta = level + ease + generator.normal(0, self.noise, (len(self.steps), self.pairs))
        series = ScoredSeries(np.array(self.steps), delta, _table(critical, context), PRESETS["exposure"])
        return series, Split(tuple(TRAIN if one else VALIDATION for one in is_train))

    def _exposed(
        self,
        generator: np.random.Generator,
        critical: Integers,
        context: Integers,
        of_critical: Floats,
        ease: Floats,
    ) -> Flags:
        share, chance = self.exposed, generator.random(self.pairs)
        if self.exposure == "by pair":
            return np.asarray(chance < share)
        if self.exposure == "by lemma":
            return np.asarray((generator.random(self.critical_lemmas) < share)[critical])
        if self.exposure == "mostly by lemma":
            return np.asarray(chance < generator.beta(share, 1 - share, self.critical_lemmas)[critical])
        if self.exposure == "mostly by context":
            return np.asarray(chance < generator.beta(2 * share, 2 - 2 * share, self.context_lemmas)[context])
        easier = of_critical[critical] if self.exposure == "easy lemmas" else ease
        return np.asarray(chance < 1 / (1 + np.exp(-2 * easier - np.log(share / (1 - share)))))


def _table(critical: Integers, context: Integers) -> PairTable:
    pairs = len(critical)
    return PairTable(
        uid=("simulated",) * pairs,
        pair_id=tuple(map(str, range(pairs))),
        phenomenon=("",) * pairs,
        field=("",) * pairs,
        critical_lemma=tuple(f"critical {one}" for one in critical),
        context_lemma=tuple(f"context {one}" for one in context),
        flags=((),) * pairs,
        has_identical_sides=np.zeros(pairs, dtype=bool),
    )


@dataclass(frozen=True)
class Truth:
    """What an analysis of a world should find."""

    lag: float
    interpolated_lag: float
    half_rise_lag: float
    plateau_difference: float
    accuracy: Floats  # [checkpoint] of proxy-train

    @classmethod
    def of(cls, world: World) -> Truth:
        """From the true curves at the checkpoints that there are."""
        steps, train, validation = np.array(world.steps), world.truth(True), world.truth(False)
        last = plateau_checkpoints(len(steps))
        assert last is not None
        return cls(
            lag=float(crossing_steps(validation, steps, THRESHOLD) - crossing_steps(train, steps, THRESHOLD)),
            interpolated_lag=float(
                interpolated_steps(validation, steps, THRESHOLD) - interpolated_steps(train, steps, THRESHOLD)
            ),
            half_rise_lag=float(half_rise_steps(validation, steps, last) - half_rise_steps(train, steps, last)),
            plateau_difference=float(plateau_of(validation, last) - plateau_of(train, last)),
            accuracy=train,
        )
