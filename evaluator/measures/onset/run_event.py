"""When a run first does something, in tokens: copies, or has an induction head."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from evaluator.crossings import Crossing


@dataclass(frozen=True, slots=True)
class RunEvent:
    """When one run first did it, in updates (training steps), as a crossing between checkpoints."""

    batch_sequences: int
    context_tokens: int
    crossing: Crossing

    @property
    def tokens_per_update(self) -> int:
        """batch × context."""
        return self.batch_sequences * self.context_tokens

    @property
    def tokens(self) -> tuple[float, float]:
        """The event lies in (low, high] tokens: low is 0 where the first checkpoint has it, high ∞ where none has."""
        step, after = self.crossing.step, self.crossing.after
        return (after or 0) * self.tokens_per_update, inf if step is None else step * self.tokens_per_update
