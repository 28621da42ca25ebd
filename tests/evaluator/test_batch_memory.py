"""Batches that do not fit are made smaller, with a note; what is scored stays the same."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import tiny_models
import torch

from evaluator.conventions import ScoringSpec
from evaluator.log_probabilities import HeadLogProbabilities
from evaluator.memory import TokenBudget, is_out_of_memory, run_rows
from evaluator.rows import Rows
from evaluator.scoring import score_pairs
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError


class Tight:
    """Log-probabilities by a model on a device that holds `capacity` tokens at a time."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.sizes: list[int] = []
        self.left_behind: list[weakref.ref[torch.Tensor]] = []
        self._forward = HeadLogProbabilities(tiny_models.model("llama"))

    def __call__(self, rows: Rows) -> torch.Tensor:
        activations = torch.zeros(3)
        if rows.token_ids.size > self.capacity:
            self.left_behind.append(weakref.ref(activations))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        assert all(one() is None for one in self.left_behind), "what did not fit must be gone before the next try"
        self.sizes.append(rows.token_ids.size)
        with torch.inference_mode():
            return self._forward(rows)


@pytest.fixture(scope="module")
def tokenised() -> TokenisedPairs:
    return tokenise_pairs(tiny_models.checkpoint("llama"), tiny_models.pairs(), ScoringSpec())


def test_batches_shrink(tokenised: TokenisedPairs) -> None:
    """Halved until they fit, they stay so; each halving is noted, and nothing is lost or scored twice."""
    rows = tokenised.packed
    roomy, tight = Tight(10**9), Tight(300)
    expected = run_rows(rows, roomy, TokenBudget(10**9))
    notes: list[str] = []
    done: list[int] = []
    budget = TokenBudget(10**9)
    found = run_rows(rows, tight, budget, on_tokens=done.append, on_note=notes.append)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert budget.tokens == max(tight.sizes) == 128
    assert sum(done) == rows.n_tokens
    assert len(notes) == len(tight.left_behind) > 2
    assert notes[-1].endswith("batches have 128 from there on.")


def test_budget_is_kept_for_the_next_checkpoint(tokenised: TokenisedPairs) -> None:
    """A budget that has shrunk is where the next pass begins."""
    budget, notes = TokenBudget(10**9), list[str]()
    run_rows(tokenised.packed, Tight(300), budget)
    run_rows(tokenised.packed, Tight(300), budget, on_note=notes.append)
    assert notes == []


def test_row_that_does_not_fit(tokenised: TokenisedPairs) -> None:
    """When one row is too much, the answer says what could help."""
    with pytest.raises(
        EvaluationError, match=r"A single row of 128 tokens does not fit into memory beside the model\."
    ):
        run_rows(tokenised.packed, Tight(100), TokenBudget(1000))


def test_other_errors_are_not_swallowed(tokenised: TokenisedPairs) -> None:
    """An error of another kind is no lack of memory."""

    def broken(rows: Rows) -> torch.Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        run_rows(tokenised.packed, broken, TokenBudget(1000))


def test_real_allocations_that_fail() -> None:
    """What the allocator of a CPU says when memory runs out is known."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.float32)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not is_out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))
    gc.collect()


def test_scoring_goes_on(monkeypatch: pytest.MonkeyPatch, tokenised: TokenisedPairs) -> None:
    """A sweep whose batches do not fit ends with the same scores and the notes."""
    model = tiny_models.model("llama")
    expected = score_pairs(model, tokenised, where="here")
    whole = HeadLogProbabilities.__call__

    def tight(self: HeadLogProbabilities, rows: Rows) -> torch.Tensor:
        if rows.token_ids.size > 600:
            raise torch.OutOfMemoryError
        return whole(self, rows)

    monkeypatch.setattr(HeadLogProbabilities, "__call__", tight)
    notes: list[str] = []
    found = score_pairs(model, tokenised, where="here", on_note=notes.append)
    np.testing.assert_allclose(found.delta, expected.delta, atol=1e-4)
    assert len(notes) > 1
    assert notes[0].startswith("Memory ran out with 3,200 tokens a batch; batches have 1,536 from there on.")
