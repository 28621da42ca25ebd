"""The measure `concept-vectors`: every layer of every paradigm, by the split of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from transformers import PreTrainedModel

from evaluator.inside.running import blocks_of, refuse_projected_states
from evaluator.measures.concepts.concept_measurements import ConceptGroup, concept_measurements, swap_measurements
from evaluator.measures.concepts.concept_vectors import FEWEST_RANKED, ConceptPairs, ConceptSpec, concept_layer
from evaluator.measures.concepts.position import Position
from evaluator.measures.concepts.swapped_paradigms import SwappedParadigms
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairFound
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences
from evaluator.measures.pairs.seen_inside import PositionStates, SeenInside
from evaluator.measures.pairs.wanted import Wanted
from exposure.measurement import Measurement

RANK_PAIRS = 200
"""Pairs at which ranks are taken beside their nulls: few enough that eigenvalues cost little, and most paradigms have
them, so that ranks compare."""


@dataclass(frozen=True)
class ConceptMeasure:
    """`concept-rank-all` is EXP's figure, of all pairs; ranks beside nulls are at RANK_PAIRS, or all where fewer."""

    pairs: MeasuredPairs
    positions: tuple[Position, ...] = ("last-word",)
    raw_states: bool = False
    asked: ConceptSpec = field(default_factory=lambda: ConceptSpec(rank_pairs=RANK_PAIRS))

    @cached_property
    def _swapped(self) -> SwappedParadigms:
        return SwappedParadigms(self.pairs.table)

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of all positions; the split decides what is fitted and what is tested."""
        return {
            **asdict(self.asked),
            "position": sorted(set(self.positions)),
            "raw_states": self.raw_states,
            "split_sha256": self.pairs.split_sha256,
            **self.pairs.made_of,
        }

    @property
    def wanted(self) -> Wanted:
        """States of both sides."""
        return Wanted(self.positions, self.raw_states)

    def refuse(self, model: PreTrainedModel) -> None:
        """Raise EvaluationError where the model's blocks cannot be found, or its last layer is of another width."""
        blocks_of(model)
        if not self.raw_states:
            refuse_projected_states(model)

    def measure(self, seen: SeenInside, sentences: ParadigmSentences, step: int) -> PairFound:
        """Layer 0 (embeddings) to the last; raises EvaluationError where a state is not finite."""
        held = [one for one in seen.states if one.position in self.positions]
        rows = tuple(row for states in held for row in self._rows(states, sentences, step))
        return PairFound(rows, notes=tuple(_too_few(one.position) for one in held if len(one.pairs) < FEWEST_RANKED))

    def _rows(self, states: PositionStates, sentences: ParadigmSentences, step: int) -> Iterator[Measurement]:
        places = sentences.pairs[states.pairs]
        if len(places) < FEWEST_RANKED:
            return
        known = ConceptPairs.of(self.pairs.table.take(places), self.pairs.split.take(places))
        ranked = min(self.asked.rank_pairs or len(places), len(places))
        spec = replace(self.asked, position=states.position, rank_pairs=ranked)
        convention = self._convention(spec)

        def group(layer: int, uid: str = sentences.uid) -> ConceptGroup:
            return ConceptGroup(step, uid, sentences.phenomenon, layer, convention)

        for layer in range(states.n_layers):
            yield from concept_measurements(concept_layer(states.layer(layer), known, spec), group(layer))
        for swap in self._swapped.of(sentences.uid, states, places, spec):
            yield from swap_measurements(swap.plain, swap.disjoint, group(swap.layer, swap.target))

    def _convention(self, spec: ConceptSpec) -> str:
        last = "raw" if self.raw_states else "after the final norm"
        return f"{spec.convention}; last layer {last}; {self.pairs.feeding}; {self.pairs.split_name}"


def _too_few(position: Position) -> str:
    return f"nothing at the position {position}, since fewer than two pairs have it on both sides"
