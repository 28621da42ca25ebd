"""The copy test run by a model: which suffix tokens are right when those before them are given.

Greedy decoding gives a suffix exactly when each of its tokens has the highest logit after the true ones before it: no
generation loop is needed (tested against one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.eval_mode import evaluating
from evaluator.limits import context_length, vocabulary_size
from evaluator.measures.copying.copy_curve import CopyOutcomes
from evaluator.measures.copying.copy_samples import SUFFIX_TOKENS, CopySamples
from evaluator.measures.copying.shared_context import QueryLogits, recomputed_logits, shared_logits, why_not_shared
from evaluator.measures.fitting_batches import FittingBatches
from evaluator.memory import TokenBudget
from evaluator.scored import Flags
from evaluator.sequences import TokenIds
from exposure.errors import EvaluationError


def copy_outcomes(
    model: PreTrainedModel,
    samples: CopySamples,
    prefix_id: int | None,
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> CopyOutcomes:
    """What `model`, on its device and in its dtype, makes of the samples; `prefix_id` stands before each context.

    Samples that are too long for the model's context are shortened to their first sequences, all alike, and `on_note`
    hears it, as it hears when queries cannot share their context (then each is computed anew, some nine times
    slower). `budget` counts tokens of a batch. `on_progress(done, total)` counts samples. Raises EvaluationError where
    an id is beyond the model's vocabulary, nothing fits into its context, not one sample fits into memory, or logits
    are not finite; `where` names the checkpoint in it.
    """
    _check_ids(model, samples, prefix_id, where)
    fitting = _fitting(model, samples, prefix_id, where, on_note)
    n_tokens = fitting.contexts.shape[1] + fitting.queries[0].size + (prefix_id is not None)
    fits = FittingBatches(budget or TokenBudget.default(model.device), n_tokens, "copy samples", where, on_note)
    with evaluating(model):
        return _run(_Batches(model, fitting, prefix_id, fits), fitting, where, on_progress)


def _check_ids(model: PreTrainedModel, samples: CopySamples, prefix_id: int | None, where: str) -> None:
    highest = max(int(samples.tokens.max()), -1 if prefix_id is None else prefix_id)
    if highest >= vocabulary_size(model):
        raise EvaluationError(
            f"{where}: the copy test has token {highest:,}, and the model has embeddings for tokens below "
            f"{vocabulary_size(model):,}. Draw its samples with the tokenizer that the model was trained with."
        )


def _fitting(
    model: PreTrainedModel, samples: CopySamples, prefix_id: int | None, where: str, on_note: Callable[[str], None]
) -> CopySamples:
    context = context_length(model)
    try:
        fitting = samples.fitting(context, before=0 if prefix_id is None else 1)
    except EvaluationError as error:
        raise EvaluationError(f"{where}: {error}") from error
    if fitting.n_sequences < samples.n_sequences:
        on_note(
            f"The model's context holds {context:,} tokens: copy samples have {fitting.n_sequences} of "
            f"{samples.n_sequences} sequences. Accuracies are of this shorter test, not of COPY's."
        )
    return fitting


class _Batches:
    """Samples as tensors, batch by batch, queries with a shared context where that is proven."""

    def __init__(
        self, model: PreTrainedModel, samples: CopySamples, prefix_id: int | None, batches: FittingBatches
    ) -> None:
        self._model, self._samples, self._batches = model, samples, batches
        self._contexts = _contexts(samples, prefix_id)
        self._logits: QueryLogits = recomputed_logits

    def decided(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """is_right, is_tied, is_finite [sample, position, 6] of batch after batch."""
        (reason,) = self._batches.run(1, self._why_not_shared)
        if reason is None:
            self._logits = shared_logits
        else:
            self._batches.on_note(f"Every copy query had its context computed anew, which is slower: {reason}.")
        yield from self._batches.run(len(self._samples), self._decided)

    def _why_not_shared(self, first: int, end: int) -> str | None:
        return why_not_shared(self._model, *self._tensors(first, end), SUFFIX_TOKENS)

    def _decided(self, first: int, end: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        logits = self._logits(self._model, *self._tensors(first, end), SUFFIX_TOKENS)
        return decisions(logits, self._tensor(self._samples.suffixes[first:end]))

    def _tensors(self, first: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self._tensor(self._contexts[first:end]), self._tensor(self._samples.queries[first:end])

    def _tensor(self, ids: TokenIds) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(ids)).to(self._model.device, torch.int64)


def _contexts(samples: CopySamples, prefix_id: int | None) -> TokenIds:
    """[sample, token] With the prefix token before them."""
    before = [] if prefix_id is None else [prefix_id]
    prefix = np.tile(np.array(before, np.int32), (len(samples), 1))
    return np.concatenate([prefix, samples.contexts], axis=1)


def decisions(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of logits [..., vocabulary] and targets [...]: whether the target has the highest alone, with others, and whether
    the highest is finite at all.
    """
    highest = logits.amax(dim=-1)
    is_highest = logits.gather(-1, targets[..., None])[..., 0] == highest
    is_alone = (logits == highest[..., None]).sum(dim=-1) == 1
    return is_highest & is_alone, is_highest & ~is_alone, torch.isfinite(highest)


def _run(batches: _Batches, samples: CopySamples, where: str, on_progress: Callable[[int, int], None]) -> CopyOutcomes:
    done = 0
    found: list[tuple[Flags, Flags]] = []
    for batch in batches.decided():
        is_right, is_tied, is_finite = (one.cpu().numpy() for one in batch)
        _check_finite(is_finite, done, where)
        found.append((is_right, is_tied))
        done += len(is_right)
        on_progress(done, len(samples))
    right, tied = (np.concatenate(column) for column in zip(*found, strict=True))
    return CopyOutcomes(samples.positions, samples.n_sequences, right, tied)


def _check_finite(is_finite: Flags, first: int, where: str) -> None:
    """Of the samples from `first` on: is_finite [sample, position, 6]."""
    if not is_finite.all():
        broken = first + int(np.flatnonzero(~is_finite.all(axis=(1, 2)))[0])
        raise EvaluationError(
            f"{where}: copy sample {broken:,} has logits that are not finite. The weights are damaged, or overflow in "
            "their dtype: check the checkpoint, or evaluate with the dtype float32."
        )
