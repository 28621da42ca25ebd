"""The measures beside minimal pairs: a line each. `measure_specs.py` says what their values mean, without torch."""

from __future__ import annotations

from collections.abc import Callable

from evaluator.measures.attention.attention_measure import AttentionMeasure
from evaluator.measures.checkpoint_measure import CheckpointMeasure
from evaluator.measures.concepts.concept_measure import ConceptMeasure
from evaluator.measures.copying.copying_measure import CopyingMeasure
from evaluator.measures.icl.icl_measure import IclMeasure
from evaluator.measures.induction.induction_measure import InductionMeasure
from evaluator.measures.measure_options import MeasureOptions
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairMeasure

CHECKPOINT_MEASURES: dict[str, Callable[[MeasureOptions], CheckpointMeasure]] = {
    "copying": lambda _: CopyingMeasure(),
    "icl": IclMeasure,
    "induction": lambda _: InductionMeasure(),
}
"""`asked_as` → what makes it."""

PAIR_MEASURES: dict[str, Callable[[MeasureOptions, MeasuredPairs], PairMeasure]] = {
    "attention": lambda options, pairs: AttentionMeasure(pairs, options.attention),
    "concept-vectors": lambda options, pairs: ConceptMeasure(pairs, options.positions, options.raw_states),
}
"""The same for measures of what is seen while the model reads the sentences of pairs."""
