"""Batches that fit: when memory runs out, smaller ones, and a note."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from evaluator.log_probabilities import LogProbabilities
from evaluator.rows import Rows, RowSet
from exposure.errors import EvaluationError

T = TypeVar("T")

DEFAULT_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}
"""Tokens of a batch. On a CPU small ones keep activations in memory that is mapped already."""


class TokenBudget:
    """How many tokens a batch may have; it only ever shrinks. Kept for a sweep, it remembers what did not fit."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    @classmethod
    def default(cls, device: torch.device) -> TokenBudget:
        """What is tried first on such a device."""
        return cls(DEFAULT_BATCH_TOKENS[device.type])


def run_rows(
    rows: RowSet,
    log_probabilities: LogProbabilities,
    budget: TokenBudget,
    *,
    on_tokens: Callable[[int], None] = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> npt.NDArray[np.float32]:
    """[slot] The log-probabilities of all edges, batch after batch.

    `on_tokens` hears how many tokens a finished batch had. Raises EvaluationError where not even one row fits.
    """
    found = np.full(rows.n_slots, np.nan, dtype=np.float32)
    pending: list[tuple[npt.NDArray[np.int64], torch.Tensor]] = []
    for group in rows.groups:
        first = 0
        while first < len(group):
            part = group.part(first, first + max(1, budget.tokens // group.width))
            if (log_probs := tried(partial(log_probabilities, part))) is None:
                _shrink(budget, part, on_note)
                continue
            pending.append((part.edge_slots, log_probs))  # left on the device: copying here would wait for it
            first += len(part)
            on_tokens(part.token_ids.size)
    for slots, log_probs in pending:
        found[slots] = log_probs.cpu().numpy()
    return found


def tried(run: Callable[[], T]) -> T | None:
    """What `run` gives; None where memory ran out, of which as much as can be is free again."""
    try:
        return run()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU's or the machine's memory has run out; the CPU's allocator has no error class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _shrink(budget: TokenBudget, part: Rows, on_note: Callable[[str], None]) -> None:
    if len(part) == 1:
        raise EvaluationError(
            f"A single row of {part.width:,} tokens does not fit into memory beside the model. Free memory on the "
            "device, use a smaller dtype, or another device (cpu)."
        )
    budget.tokens = len(part) // 2 * part.width
    on_note(
        f"Memory ran out with {part.token_ids.size:,} tokens a batch; batches have {budget.tokens:,} from there on."
    )
