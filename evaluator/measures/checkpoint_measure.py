"""What every measure of a checkpoint is: asked of one model after another, with weights overwritten in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from transformers import PreTrainedModel

from evaluator.arrivals import LoadedWeights
from evaluator.memory import TokenBudget
from exposure.measurement import Measurement


@dataclass(frozen=True)
class MeasuringCheckpoint:
    """One checkpoint that is being measured; `budget` is kept for a sweep and remembers what did not fit."""

    weights: LoadedWeights
    model: PreTrainedModel
    budget: TokenBudget
    on_note: Callable[[str], None]
    on_progress: Callable[[int, int], None]

    @property
    def where(self) -> str:
        """The checkpoint, for messages."""
        return f"step {self.weights.step} ({self.weights.checkpoint.name})"


class CheckpointMeasure(Protocol):
    """Measures the checkpoints of one series; what is the same for all of them is made once."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that a value depends on beside weights, dtype and tokenizer: JSON values. It names the files."""

    def measure(self, checkpoint: MeasuringCheckpoint) -> list[Measurement]:
        """The rows of one checkpoint; raises EvaluationError, with what to do, where it cannot be measured so."""
