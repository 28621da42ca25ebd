"""The losses that the ICL score compares, by a model: one forward pass of each row, logits at two tokens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.eval_mode import evaluating
from evaluator.limits import context_length, vocabulary_size
from evaluator.measures.chosen_logits import logits_at
from evaluator.measures.fitting_batches import FittingBatches
from evaluator.measures.icl.icl_score import IclSpec
from evaluator.memory import TokenBudget
from evaluator.scored import Floats
from evaluator.sequences import Integers, TokenIds
from exposure.errors import EvaluationError


def icl_losses(
    model: PreTrainedModel,
    rows: TokenIds | Integers,
    spec: IclSpec,
    prefix_id: int | None = None,
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Floats:
    """[row, 2] −log p, in nats, of the early and of the late token of each of `rows` [row, token], without padding.

    Tokens after the late one are not read. `prefix_id` stands before every row where the rows do not begin with it.
    Log-softmax is fp32. Raises EvaluationError where rows are too short, the model's context too, an id is beyond its
    vocabulary, not one row fits into memory, or a loss is not finite; `where` names the checkpoint in it.
    """
    _check(model, rows, spec, prefix_id, where)
    prefix = np.full((len(rows), 0 if prefix_id is None else 1), prefix_id or 0)
    fed = np.concatenate([prefix, rows[:, : spec.late]], axis=1).astype(np.int64)
    budget = budget or TokenBudget.default(model.device)
    places = np.array([spec.early, spec.late]) + prefix.shape[1] - 2  # of the tokens before
    fits = FittingBatches(budget, fed.shape[1] - 1, "rows", where, on_note)
    losses: list[Floats] = []
    with evaluating(model):
        for batch in fits.run(len(fed), lambda first, end: _losses(model, fed[first:end], places)):
            losses.append(batch)
            on_progress(sum(map(len, losses)), len(fed))
    found = np.concatenate(losses)
    _check_finite(found, where)
    return found


def _losses(model: PreTrainedModel, rows: Integers, places: Integers) -> Floats:
    """[row, 2] of `rows` [row, token]: the last token is only predicted, and `places` predict what follows them."""
    ids = torch.from_numpy(rows).to(model.device)
    at = torch.from_numpy(places).to(model.device)
    inputs: dict[str, object] = {"input_ids": ids[:, :-1], "use_cache": False, "return_dict": True}
    log_probs = torch.log_softmax(logits_at(model, inputs, at), dim=-1, dtype=torch.float32)
    found: Floats = -log_probs.gather(-1, ids[:, at + 1, None])[..., 0].double().cpu().numpy()
    return found


def _check(model: PreTrainedModel, rows: TokenIds | Integers, spec: IclSpec, prefix_id: int | None, where: str) -> None:
    if rows.ndim != 2 or not len(rows) or rows.shape[1] < spec.late:
        raise EvaluationError(
            f"{where}: rows of shape {rows.shape} for a loss at token {spec.late}. Give at least one row, and rows of "
            f"at least {spec.late} tokens, or ask for earlier tokens."
        )
    fed, context = spec.late - 1 + (prefix_id is not None), context_length(model)
    if context is not None and fed > context:
        raise EvaluationError(
            f"{where}: the loss at token {spec.late} takes {fed:,} tokens before it, and the model's context holds "
            f"{context:,}. Ask for an earlier token; the score is then another one than at 50 and 500, and its "
            "convention says so."
        )
    highest = max(int(rows[:, : spec.late].max()), -1 if prefix_id is None else prefix_id)
    if highest >= vocabulary_size(model):
        raise EvaluationError(
            f"{where}: the rows hold token {highest:,}, and the model has embeddings for tokens below "
            f"{vocabulary_size(model):,}. Give rows that were made with the model's own tokenizer."
        )


def _check_finite(losses: Floats, where: str) -> None:
    broken = np.flatnonzero(~np.isfinite(losses).all(axis=1))
    if len(broken):
        raise EvaluationError(
            f"{where}: {len(broken):,} of {len(losses):,} rows have a loss that is not finite, the first is row "
            f"{broken[0]:,}. The weights are damaged, or overflow in their dtype: check the checkpoint, or evaluate "
            "with the dtype float32."
        )
