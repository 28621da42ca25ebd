"""Units of equal length run in batches that fit: when memory runs out, smaller ones, and a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from evaluator.memory import TokenBudget, tried
from exposure.errors import EvaluationError

T = TypeVar("T")


@dataclass(frozen=True)
class FittingBatches:
    """`budget` only ever shrinks; kept for a sweep, it remembers what did not fit."""

    budget: TokenBudget
    unit_tokens: int
    unit: str
    """What is run, in the plural: copy samples."""
    where: str
    on_note: Callable[[str], None]

    def run(self, n_units: int, run: Callable[[int, int], T]) -> Iterator[T]:
        """`run(first, end)` of batch after batch; EvaluationError where not even one unit fits."""
        first = 0
        while first < n_units:
            end = min(n_units, first + max(1, self.budget.tokens // self.unit_tokens))
            if (found := tried(partial(_kept, run, first, end))) is None:
                self._shrink(end - first)
                continue
            yield found[0]
            first = end

    def _shrink(self, n_units: int) -> None:
        if n_units == 1:
            raise EvaluationError(
                f"{self.where}: not one of the {self.unit} ({self.unit_tokens:,} tokens each) fits into memory beside "
                "the model. Free memory on the device, use a smaller dtype, or another device (cpu)."
            )
        self.budget.tokens = n_units // 2 * self.unit_tokens
        self.on_note(f"Memory ran out with {n_units:,} {self.unit} a batch; from there on, {n_units // 2:,}.")


def _kept(run: Callable[[int, int], T], first: int, end: int) -> tuple[T]:
    """In a tuple: what a batch gives may be None."""
    return (run(first, end),)
