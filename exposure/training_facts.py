"""What is known of how a run was trained, as far as evaluations compare runs by it: batch, optimiser, seed."""

from __future__ import annotations

from pydantic import Field

from exposure.order_rules import FrozenModel


class TrainingFacts(FrozenModel):
    """Every fact may be unknown (None). Sizes are those of one update over all devices; rates are the peak ones."""

    batch_sequences: int | None = Field(default=None, ge=1)
    sequence_length: int | None = Field(default=None, ge=1)
    learning_rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    warmup_steps: int | None = Field(default=None, ge=0)
    weight_decay: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    attention_dropout: float | None = Field(default=None, ge=0, lt=1)
    init_seed: int | None = None
    parameters: int | None = Field(default=None, ge=1)

    @property
    def tokens_per_step(self) -> int | None:
        """Places of a batch, padding among them; None where its size is not known."""
        if self.batch_sequences is None or self.sequence_length is None:
            return None
        return self.batch_sequences * self.sequence_length
