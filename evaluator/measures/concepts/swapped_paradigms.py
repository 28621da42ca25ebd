"""The swap test between paradigms of one pass: states of the one are held until those of the other have come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from evaluator.clusters import critical_clusters
from evaluator.measures.concepts.concept_vectors import ConceptSpec
from evaluator.measures.concepts.separation import Separation
from evaluator.measures.concepts.swap_test import swap_test
from evaluator.measures.pairs.seen_inside import PositionStates
from evaluator.scored import Integers, PairTable

SWAPS = {"irregular_past_participle_verbs": "irregular_past_participle_adjectives"}
"""Source → target: the same participles are bad in the one and good in the other (method.md of the project, 3)."""


@dataclass(frozen=True)
class Swap:
    """At one layer: v̄ of the source's pairs on those of the target."""

    target: str
    layer: int
    plain: Separation
    disjoint: Separation
    """Each critical lemma contrast by the v̄ of pairs with others."""


@dataclass(frozen=True)
class _Held:
    states: PositionStates
    places: Integers


@dataclass(frozen=True)
class SwappedParadigms:
    """Of one checkpoint at a time: paradigms may come in any order, each once."""

    table: PairTable
    _held: dict[tuple[str, str], _Held] = field(default_factory=dict)

    def of(self, uid: str, states: PositionStates, places: Integers, spec: ConceptSpec) -> Iterator[Swap]:
        """Layer by layer, as soon as both paradigms have come. `places` [pair there] are those in the table."""
        if uid not in SWAPS and uid not in SWAPS.values():
            return
        self._held[uid, states.position] = _Held(states, places)
        for source, target in SWAPS.items():
            first, second = (source, states.position), (target, states.position)
            if uid in (source, target) and first in self._held and second in self._held:
                yield from self._swapped(target, self._held.pop(first), self._held.pop(second), spec)

    def _swapped(self, name: str, source: _Held, target: _Held, spec: ConceptSpec) -> Iterator[Swap]:
        critical = critical_clusters(self.table.take(np.concatenate([source.places, target.places])))
        for layer in range(source.states.n_layers):
            both = source.states.layer(layer), target.states.layer(layer)
            plain, disjoint = (swap_test(*both, critical, spec, lemma_disjoint=one) for one in (False, True))
            yield Swap(name, layer, plain, disjoint)
