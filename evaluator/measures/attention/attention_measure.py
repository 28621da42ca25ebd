"""The measure `attention`: what the later of (critical, context) pays to the earlier, head by head."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from transformers import PreTrainedModel

from evaluator.inside.attention_rows import refuse_unwatched
from evaluator.lemma_weights import ResamplingUnits
from evaluator.measures.attention.attention_items import items_table
from evaluator.measures.attention.attention_measurements import Group, attention_means, rows_of_means
from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.measures.attention.resampled_means import RESAMPLES, HeadBootstrap
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairFound
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences
from evaluator.measures.pairs.seen_inside import SeenInside
from evaluator.measures.pairs.wanted import Wanted
from evaluator.scored import Flags
from evaluator.split import TRAIN, VALIDATION
from exposure.measurement import Measurement

EVERYTHING = "everything"


@dataclass(frozen=True)
class AttentionMeasure:
    """Means by paradigm and part of the split; the weights of every pair are kept, for what checkpoints differ in."""

    pairs: MeasuredPairs
    asked: AttentionSpec = field(default_factory=AttentionSpec)
    resamples: int = RESAMPLES
    _bootstraps: dict[str, HeadBootstrap] = field(default_factory=dict)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The split decides only what means are over."""
        return {
            **asdict(self.asked),
            "resamples": self.resamples,
            "split_sha256": self.pairs.split_sha256,
            **self.pairs.made_of,
        }

    @property
    def wanted(self) -> Wanted:
        """Attention of one side."""
        return Wanted(attention=self.asked)

    def refuse(self, model: PreTrainedModel) -> None:
        """Raise EvaluationError where the model's attention cannot be watched."""
        refuse_unwatched(model)

    def measure(self, seen: SeenInside, sentences: ParadigmSentences, step: int) -> PairFound:
        """Nothing for a paradigm where no pair's two words are known for certain."""
        if seen.attention is None:
            return PairFound(notes=_why_nothing(sentences))
        rows = self._rows(seen.attention, sentences, step)
        return PairFound(tuple(rows), items_table(seen.attention, sentences.pairs))

    def _rows(self, weights: AttentionWeights, sentences: ParadigmSentences, step: int) -> Iterator[Measurement]:
        bootstrap = self._bootstrap(sentences)
        split = self.pairs.split.take(sentences.pairs)
        parts: dict[str, Flags] = {TRAIN: split.is_train, VALIDATION: split.is_validation}
        parts = {EVERYTHING: np.ones(len(split), dtype=bool), **{name: one for name, one in parts.items() if one.any()}}
        for name, is_in in parts.items():
            means = attention_means(weights, bootstrap, is_in)
            group = Group(step, "paradigm", sentences.uid, sentences.phenomenon, name)
            yield from rows_of_means(means, group, self.convention)

    @property
    def convention(self) -> str:
        """For stored values and people."""
        return f"{self.asked.convention}; {self.pairs.feeding}; {self.pairs.split_name}"

    def _bootstrap(self, sentences: ParadigmSentences) -> HeadBootstrap:
        """The same resamples for every checkpoint, drawn once."""
        if sentences.uid not in self._bootstraps:
            units = ResamplingUnits.of(self.pairs.table.take(sentences.pairs))
            self._bootstraps[sentences.uid] = HeadBootstrap.draw(units, self.resamples)
        return self._bootstraps[sentences.uid]


def _why_nothing(sentences: ParadigmSentences) -> tuple[str, ...]:
    """The reason of most pairs of a paradigm of which none can be read."""
    reasons = Counter(() if sentences.words is None else sentences.words.reason)
    return tuple(
        f"nothing, {'since' if len(reasons) == 1 else 'mostly since'} {reason}" for reason, _ in reasons.most_common(1)
    )
