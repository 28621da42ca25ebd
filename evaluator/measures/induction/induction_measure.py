"""The measure `induction`: induction scores of every head, of every checkpoint of a series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from evaluator.inside.architecture import UnsupportedArchitectureError
from evaluator.limits import vocabulary_size
from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.drawable_tokens import drawable_tokens
from evaluator.measures.induction.induction_heads import (
    AttentionScores,
    InductionScores,
    InductionSpec,
    attention_scores,
    induction_scores,
)
from evaluator.sequences import Integers
from evaluator.text_tokenizer import TextTokenizer
from exposure.measurement import Measurement

Scores = TypeVar("Scores", InductionScores, AttentionScores)


class InductionMeasure:
    """Sequences are drawn from the vocabulary of the first checkpoint."""

    def __init__(self, spec: InductionSpec | None = None) -> None:
        self._spec = spec or InductionSpec()
        self._drawn: tuple[Integers, int] | None = None

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of the sequences; they begin with the model's BOS, else its EOS."""
        return {**asdict(self._spec), "prefix": "bos"}

    def measure(self, checkpoint: MeasuringCheckpoint) -> list[Measurement]:
        """All scores by layer and head; of an architecture whose weights are not known those that need none."""
        _, bos = self._of(checkpoint)
        step = checkpoint.weights.step
        try:
            return self._scores(induction_scores, checkpoint).measurements(step, self._spec, bos)
        except UnsupportedArchitectureError as error:
            checkpoint.on_note(f"Only the scores of attention are measured: {error}")
            return self._scores(attention_scores, checkpoint).measurements(step, self._spec, bos)

    def _scores(self, score: Callable[..., Scores], checkpoint: MeasuringCheckpoint) -> Scores:
        vocabulary, bos = self._of(checkpoint)
        return score(
            checkpoint.model,
            vocabulary,
            bos,
            self._spec,
            where=checkpoint.where,
            budget=checkpoint.budget,
            on_note=checkpoint.on_note,
        )

    def _of(self, checkpoint: MeasuringCheckpoint) -> tuple[Integers, int]:
        if self._drawn is None:
            tokenizer = TextTokenizer.open(checkpoint.weights.checkpoint.folder)
            self._drawn = drawable_tokens(tokenizer, vocabulary_size(checkpoint.model)), tokenizer.prefix[1]
        return self._drawn
