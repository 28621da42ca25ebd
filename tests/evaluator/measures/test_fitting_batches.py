"""Batches that shrink until they fit: nothing is run twice or left out, and it is said."""

from __future__ import annotations

import pytest
import torch

from evaluator.measures.fitting_batches import FittingBatches
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError


def batches(tokens: int, notes: list[str]) -> FittingBatches:
    return FittingBatches(TokenBudget(tokens), 10, "rows", "step 3", notes.append)


def runner(most: int) -> tuple[list[tuple[int, int]], object]:
    done: list[tuple[int, int]] = []

    def run(first: int, end: int) -> int:
        if end - first > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        done.append((first, end))
        return end

    return done, run


def test_shrinking() -> None:
    """Eight at a time do not fit, four neither, two do: all seven are run once, in order, and the budget is kept."""
    notes: list[str] = []
    done, run = runner(3)
    fits = batches(85, notes)
    assert list(fits.run(9, run)) == [2, 4, 6, 8, 9]  # type: ignore[arg-type]
    assert done == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 9)]
    assert fits.budget.tokens == 20
    assert notes == [
        "Memory ran out with 8 rows a batch; from there on, 4.",
        "Memory ran out with 4 rows a batch; from there on, 2.",
    ]


def test_nothing_fits() -> None:
    """Not even one: an error that says where and what to do."""
    with pytest.raises(EvaluationError, match=r"step 3: not one of the rows \(10 tokens each\) fits into memory"):
        list(batches(20, []).run(2, runner(0)[1]))  # type: ignore[arg-type]


def test_other_errors() -> None:
    """What is no lack of memory is not taken for it."""

    def run(first: int, end: int) -> int:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(batches(20, []).run(2, run))
