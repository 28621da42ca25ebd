"""The measure `icl`: the in-context learning score on a text of the user, of every checkpoint of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluator.devices import dtype_name
from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.icl.icl_losses import icl_losses
from evaluator.measures.icl.icl_score import IclSpec, icl_score
from evaluator.measures.icl.text_rows import TextRows, text_rows
from evaluator.measures.icl.text_sample import text_sample
from evaluator.measures.measure_options import MeasureOptions
from evaluator.text_tokenizer import TextTokenizer
from exposure.measurement import Measurement

SEED = 0
"""Of the documents that are drawn."""


class IclMeasure:
    """Documents are drawn once, and cut into rows by the tokenizer of the first checkpoint."""

    def __init__(self, options: MeasureOptions) -> None:
        """Reads all of the text; raises EvaluationError as `text_sample` does."""
        self._tokens = IclSpec(*options.icl_tokens)
        self._n_rows = options.icl_rows
        self._sample = text_sample(options.text, self._n_rows, self._tokens.late, SEED)
        self._made: tuple[TextRows, tuple[str, int]] | None = None

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of the tokens that are compared, and of the text, by its digest."""
        return {
            **asdict(self._tokens),
            "rows": self._n_rows,
            "seed": SEED,
            "text_sha256": self._sample.digest,
            "prefix": "bos",
        }

    def measure(self, checkpoint: MeasuringCheckpoint) -> list[Measurement]:
        """icl-score, and the two losses that it compares. Raises as `icl_losses` and `text_rows` do."""
        rows, (token, prefix_id) = self._of(checkpoint)
        if note := rows.note(self._n_rows):
            checkpoint.on_note(note)
        losses = icl_losses(
            checkpoint.model,
            rows.ids,
            self._tokens,
            prefix_id,
            where=checkpoint.where,
            budget=checkpoint.budget,
            on_progress=checkpoint.on_progress,
            on_note=checkpoint.on_note,
        )
        dtype = dtype_name(checkpoint.model.dtype)
        convention = f"{self._tokens.convention(token, dtype)}, documents of text {self._sample.digest[:12]}"
        return icl_score(losses).measurements(checkpoint.weights.step, convention)

    def _of(self, checkpoint: MeasuringCheckpoint) -> tuple[TextRows, tuple[str, int]]:
        if self._made is None:
            tokenizer = TextTokenizer.open(checkpoint.weights.checkpoint.folder)
            rows = text_rows(self._sample, tokenizer, self._n_rows, self._tokens.late)
            self._made = rows, tokenizer.prefix
        return self._made
