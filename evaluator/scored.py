"""Stored scores as arrays: what every statistic takes. No model, no files, no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evaluator.conventions import Convention
from exposure.errors import EvaluationError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

T = TypeVar("T")

NO_CLUSTER = ""
"""The cluster of a pair with no critical (or context) word: such pairs are clusters of their own."""


@dataclass(frozen=True)
class PairTable:
    """What is known of each pair, column by column, in the order of pairs.parquet."""

    uid: tuple[str, ...]  # [pair] paradigm
    pair_id: tuple[str, ...]  # [pair]
    phenomenon: tuple[str, ...]  # [pair] "" where the file names none
    field: tuple[str, ...]  # [pair] "" where the file names none
    critical_lemma: tuple[str, ...]  # [pair] the two forms of the critical word, sorted: "car/cars"; NO_CLUSTER
    context_lemma: tuple[str, ...]  # [pair] the same of the context word; NO_CLUSTER
    flags: tuple[tuple[str, ...], ...]  # [pair] of the paradigm's rule: degenerate, bad_grammatical_elsewhere …
    has_identical_sides: Flags  # [pair]

    def __len__(self) -> int:
        return len(self.uid)

    @cached_property
    def places_of(self) -> dict[str, Integers]:
        """By paradigm, in alphabetical order, where its pairs stand."""
        places: dict[str, list[int]] = {}
        for place, uid in enumerate(self.uid):
            places.setdefault(uid, []).append(place)
        return {uid: np.array(places[uid], dtype=np.int64) for uid in sorted(places)}

    def take(self, places: Integers) -> PairTable:
        """The pairs at `places`, in that order."""

        def chosen(column: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(column[place] for place in places.tolist())

        return PairTable(
            uid=chosen(self.uid),
            pair_id=chosen(self.pair_id),
            phenomenon=chosen(self.phenomenon),
            field=chosen(self.field),
            critical_lemma=chosen(self.critical_lemma),
            context_lemma=chosen(self.context_lemma),
            flags=chosen(self.flags),
            has_identical_sides=self.has_identical_sides[places],
        )


@dataclass(frozen=True)
class ScoredSeries:
    """Every pair's score by every checkpoint, under one convention.

    `delta` is the difference of the normed scores; NaN in a column whose pair the method does not apply to. `credit`
    is what the pair counts for in an accuracy: 1, 0, or what the convention gives a tie.
    """

    steps: Integers  # [checkpoint] strictly increasing training steps
    delta: Floats  # [checkpoint, pair] nats; good − bad
    pairs: PairTable
    convention: Convention

    def __post_init__(self) -> None:
        """One row a step, one column a pair, and every score finite or its whole column NaN."""
        if self.delta.shape != (len(self.steps), len(self.pairs)) or not len(self.steps):
            raise EvaluationError(
                f"Scores of shape {self.delta.shape} for {len(self.steps)} checkpoints and {len(self.pairs)} pairs: "
                "one row a checkpoint and one column a pair is expected, and at least one checkpoint."
            )
        if (np.diff(self.steps) <= 0).any():
            raise EvaluationError(f"Checkpoints must be in rising order of step, each once; given were {self.steps}.")
        if not np.isfinite(self.delta[:, self.is_scored]).all():
            raise EvaluationError("A score is infinite. Score its checkpoint again: nothing can be concluded from it.")
        self._refuse_holes()

    def _refuse_holes(self) -> None:
        holes = np.isnan(self.delta) & ~np.isnan(self.delta).all(axis=0)
        if holes.any():
            checkpoint, pair = (int(place[0]) for place in np.nonzero(holes))
            raise EvaluationError(
                f"{self.pairs.uid[pair]}/{self.pairs.pair_id[pair]} has no score at step {self.steps[checkpoint]} but "
                "one at other steps. Score that checkpoint again, or leave it out."
            )

    @cached_property
    def is_scored(self) -> Flags:
        """[pair] Whether the method applies."""
        return np.asarray(~np.isnan(self.delta).any(axis=0))

    @property
    def ties(self) -> Flags:
        """[checkpoint, pair] Equal scores."""
        return np.asarray(self.delta == 0)

    @property
    def credit(self) -> Floats:
        """[checkpoint, pair] 1 where the good side scores higher, 0 where lower, the convention's share for a tie."""
        return credit_of(self.delta, self.pairs.has_identical_sides, self.convention)

    def take(self, places: Integers) -> ScoredSeries:
        """The pairs at `places` only."""
        return replace(self, delta=self.delta[:, places], pairs=self.pairs.take(places))

    def of_paradigm(self, uid: str) -> ScoredSeries:
        """The scored pairs of one paradigm."""
        places = self.pairs.places_of.get(uid, np.empty(0, dtype=np.int64))
        return self.take(places[self.is_scored[places]])


def credit_of(delta: Floats, has_identical_sides: Flags, convention: Convention) -> Floats:
    """What pairs [… , pair] count for in an accuracy: 1, 0, or the convention's share for a tie.

    Half a credit is for two sides that differ: where they are the same sentence it is 0 (and 1 where ties are right,
    as lm-evaluation-harness has it).
    """
    share = {"wrong": 0.0, "half": 0.5, "right": 1.0}[convention.tie]
    of_pair = np.where(has_identical_sides & (share < 1), 0.0, share)  # [pair]
    return np.where(delta == 0, of_pair, (delta > 0).astype(np.float64))
