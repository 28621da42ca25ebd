"""Which pairs are not independent: those that share the critical lemma contrast, or the context lemma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.scored import NO_CLUSTER, Flags, Floats, Integers, PairTable

Factor = Literal["critical", "context", "pairs"]


@dataclass(frozen=True)
class ClusterCounts:
    """How many independent units stand behind a comparison of proxy-train and proxy-validation."""

    pairs: int
    """In either part."""
    critical: int
    """Critical lemma contrasts; a pair without one is its own."""
    context: int | None
    """Context lemmas; None where no pair has one."""
    effective: float
    """Of the critical ones: (Σ n)² / Σ n² (Kish 1965, section 11.7; the inverse of Simpson's index)."""
    effective_context: float | None
    mixed: int
    """Critical clusters with pairs on both sides: within these alone labels can be permuted."""
    movable: int
    """Pairs in mixed clusters."""
    effective_mixed: float
    """Effective number of the mixed clusters; 0 when there is none."""
    resampled: tuple[Factor, ...]
    """What the bootstrap resamples."""


def effective_number(clusters: Integers) -> float:
    """(Σ n)² / Σ n² over the sizes n of the clusters named in `clusters` [pair]; 0 for none.

    Kish (1965), Survey Sampling, section 11.7, for weights; the inverse of Simpson's (1949) index of concentration.
    """
    sizes = np.unique(clusters, return_counts=True)[1].astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(sizes) else 0.0


def critical_clusters(pairs: PairTable) -> Integers:
    """[pair] A number for each critical lemma contrast, and one of its own for a pair that has none."""
    keys = [
        (lemma, "", "") if lemma != NO_CLUSTER else ("", uid, pair_id)
        for lemma, uid, pair_id in zip(pairs.critical_lemma, pairs.uid, pairs.pair_id, strict=True)
    ]
    return _numbered(keys)


def mixed_clusters(clusters: Integers, is_train: Flags) -> Flags:
    """[pair] Whether its cluster has pairs on both sides: `is_train` [pair] tells the sides."""
    _, inverse = np.unique(clusters, return_inverse=True)
    share: Floats = np.bincount(inverse, weights=is_train) / np.bincount(inverse)
    return np.asarray(((share > 0) & (share < 1))[inverse])


def count_clusters(pairs: PairTable, is_train: Flags, resampled: tuple[Factor, ...]) -> ClusterCounts:
    """The counts of pairs that all are on one of the two sides."""
    critical = critical_clusters(pairs)
    context = _numbered([(lemma,) for lemma in pairs.context_lemma if lemma != NO_CLUSTER])
    mixed = mixed_clusters(critical, is_train)
    return ClusterCounts(
        pairs=len(pairs),
        critical=len(np.unique(critical)),
        context=len(np.unique(context)) or None,
        effective=effective_number(critical),
        effective_context=effective_number(context) or None,
        mixed=len(np.unique(critical[mixed])),
        movable=int(mixed.sum()),
        effective_mixed=effective_number(critical[mixed]),
        resampled=resampled,
    )


def _numbered(keys: Sequence[tuple[str, ...]]) -> Integers:
    numbers: dict[tuple[str, ...], int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
