"""How often each resample holds each pair: critical and context lemmas are resampled, each on its own.

Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1: 386–411, resamples the rows and the columns of
crossed data. Owen and Eckles (2012), Bootstrapping data arrays of arbitrary order, ibid. 6: 895–927, reweight instead:
each level of each factor gets independent weights of mean and variance 1, an observation the product of its levels'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain

import numpy as np
import numpy.typing as npt

from evaluator.clusters import Factor
from evaluator.scored import NO_CLUSTER, Flags, Integers, PairTable

Weights = npt.NDArray[np.float32]

ABSENT = ""
BLOCK = 1 << 22
"""Weights held at once."""


@dataclass(frozen=True)
class ResamplingUnits:
    """What the bootstrap of one paradigm resamples: for each pair the key of its level of each factor.

    A factor that has one level throughout is held fixed: nothing can be learnt from resampling it. Where a pair has no
    level of a factor, the other alone decides; where it has none at all, it is a unit of its own.
    """

    critical: tuple[str, ...]  # [pair] ABSENT where it has none
    context: tuple[str, ...]  # [pair]
    own: tuple[str, ...]  # [pair] its own key where it has no other

    @classmethod
    def of(cls, pairs: PairTable) -> ResamplingUnits:
        """The units of the pairs of one paradigm."""
        critical, context = _varying(pairs.critical_lemma), _varying(pairs.context_lemma)
        own = tuple(
            ABSENT if a != ABSENT or b != ABSENT else f"{uid}\0{pair_id}"
            for a, b, uid, pair_id in zip(critical, context, pairs.uid, pairs.pair_id, strict=True)
        )
        return cls(critical, context, own)

    @classmethod
    def join(cls, parts: Sequence[ResamplingUnits]) -> ResamplingUnits:
        """Of several paradigms, end to end."""
        critical, context, own = (
            tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in ("critical", "context", "own")
        )
        return cls(critical, context, own)

    @property
    def columns(self) -> dict[Factor, tuple[str, ...]]:
        """The keys by factor."""
        return {"critical": self.critical, "context": self.context, "pairs": self.own}

    @property
    def resampled(self) -> tuple[Factor, ...]:
        """The factors that any pair has a level of."""
        return tuple(factor for factor, keys in self.columns.items() if any(key != ABSENT for key in keys))

    @property
    def first_clusters(self) -> Integers:
        """[pair] A number for its critical level, or for itself where it has no level at all; −1 for neither."""
        return _numbered([("critical", a) if a else ("pairs", b) for a, b in zip(self.critical, self.own, strict=True)])

    @property
    def context_clusters(self) -> Integers:
        """[pair] A number for its context level; −1 where it has none."""
        return _numbered([("context", key) for key in self.context])

    @property
    def clusters(self) -> Integers:
        """[pair] A number for what it shares with others: its critical level, else its context level, else itself."""
        first, context = self.first_clusters, self.context_clusters
        return np.where(first >= 0, first, first.max(initial=0) + 1 + context)


def _numbered(keys: Sequence[tuple[str, str]]) -> Integers:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(key for key in keys if key[1] != ABSENT))}
    return np.array([numbers.get(key, -1) for key in keys], dtype=np.int64)


def _varying(lemmas: Sequence[str]) -> tuple[str, ...]:
    has_levels = len(set(lemmas) - {NO_CLUSTER}) > 1
    return tuple(lemma if has_levels and lemma != NO_CLUSTER else ABSENT for lemma in lemmas)


@dataclass(frozen=True)
class LemmaWeights:
    """What each level of each factor weighs in each resample. A pair weighs the product."""

    drawn: tuple[npt.NDArray[np.uint8], ...]  # by factor: [resample, level]
    levels: tuple[Integers, ...]  # by factor: [pair]

    @classmethod
    def draw(cls, units: ResamplingUnits, resamples: int, seed: int) -> LemmaWeights:
        """Poisson weights of mean 1.

        Those of a level come from the seed and its name alone, so the same lemma is resampled alike in every paradigm,
        and no paradigm's figures depend on which others are there.
        """
        drawn, levels = [], []
        for factor, keys in units.columns.items():
            numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
            drawn.append(_weights_of_levels(factor, list(numbers), resamples, seed))
            levels.append(np.array([numbers[key] for key in keys], dtype=np.int64))
        return cls(tuple(drawn), tuple(levels))

    def __len__(self) -> int:
        return len(self.drawn[0])

    def of_pairs(self, is_in: Flags) -> Iterator[Weights]:
        """The weights [resample, pair] of the pairs marked in `is_in` [pair], some resamples at a time."""
        rows = max(1, BLOCK // max(1, int(is_in.sum())))
        for start in range(0, len(self), rows):
            block = slice(start, start + rows)
            factors = (
                drawn[block][:, levels[is_in]].astype(np.float32)
                for drawn, levels in zip(self.drawn, self.levels, strict=True)
            )
            yield reduce(np.multiply, factors)


def _weights_of_levels(factor: Factor, keys: list[str], resamples: int, seed: int) -> npt.NDArray[np.uint8]:
    weights = np.empty((resamples, len(keys)), dtype=np.uint8)
    for level, key in enumerate(keys):
        weights[:, level] = _weights_of(factor, key, resamples, seed)
    return weights


def _weights_of(factor: Factor, key: str, resamples: int, seed: int) -> npt.NDArray[np.uint8]:
    if key == ABSENT:
        return np.ones(resamples, dtype=np.uint8)
    digest = hashlib.sha256(f"{seed}\0{factor}\0{key}".encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))
    return generator.poisson(1.0, resamples).astype(np.uint8)
