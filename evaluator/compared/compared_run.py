"""One run as a comparison sees it: what was measured of it, how it was trained, and its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from exposure.training_facts import TrainingFacts


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """`training` has None for what is not known; nothing of it is ever taken from a name."""

    name: str
    measured: pa.Table
    """All rows of all measures, with the columns of Measurement (evaluator/measurement_table.py)."""
    training: TrainingFacts = field(default_factory=TrainingFacts)
    tokenizer_sha256: str | None = None
    dtype: str = "float32"
    """Of the weights as they were measured."""

    @property
    def tokens_per_step(self) -> int | None:
        """batch × context; None where either is not known."""
        return self.training.tokens_per_step
