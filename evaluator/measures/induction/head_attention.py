"""What the heads of a model attend to in sequences that repeat: one pass, one layer of patterns in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from evaluator.inside.attention_rows import attention_patterns
from evaluator.limits import context_length, vocabulary_size
from evaluator.measures.fitting_batches import FittingBatches
from evaluator.measures.induction.attention_cells import AttentionCells
from evaluator.measures.induction.repeated_sequences import RepeatedSequences
from evaluator.memory import TokenBudget
from evaluator.scored import Floats, Integers
from exposure.errors import EvaluationError


def head_attention(
    model: PreTrainedModel,
    sequences: RepeatedSequences,
    cells: Mapping[str, AttentionCells],
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> dict[str, Floats]:
    """Name → [layer, head] the scores of `cells`, each the mean over all sequences.

    The model is in eval mode on its device; `where` names the checkpoint in messages. `budget` counts tokens of a
    batch, and `on_note` hears where memory made it smaller. Raises EvaluationError where the sequences are longer than
    the model's context or hold ids that it has no embedding for, not one fits into memory, attention is not finite, and
    as attention_patterns does.
    """
    token_ids = sequences.token_ids
    _check_fits(model, token_ids, where)
    n_rows, width = token_ids.shape
    fits = FittingBatches(budget or TokenBudget.default(model.device), width, "sequences that repeat", where, on_note)
    sums = list(fits.run(n_rows, lambda start, end: _sums(model, token_ids[start:end], cells)))
    found: dict[str, Floats] = {name: np.sum([one[name] for one in sums], axis=0) / n_rows for name in cells}
    if not all(np.isfinite(scores).all() for scores in found.values()):
        raise EvaluationError(
            f"{where}: attention is not finite. The weights are damaged, or overflow in {model.dtype}: check the "
            "checkpoint, or take the dtype float32."
        )
    return found


def _sums(model: PreTrainedModel, token_ids: Integers, cells: Mapping[str, AttentionCells]) -> dict[str, Floats]:
    """Name → [layer, head] added up over the sequences of a batch [sequence, token]."""
    layers: dict[str, list[Floats]] = {name: [] for name in cells}

    def add(_: int, patterns: Tensor) -> None:
        for name, read in cells.items():
            layers[name].append(read.score(_read(patterns, read)).sum(axis=0))

    ids = torch.from_numpy(token_ids).to(model.device)
    attention_patterns(model, {"input_ids": ids, "use_cache": False, "return_dict": True}, add)
    return {name: np.stack(of) for name, of in layers.items()}


def _read(patterns: Tensor, cells: AttentionCells) -> Floats:
    """[row, head, cell] of patterns [row, head, query, key]."""
    queries, keys = (torch.from_numpy(places).to(patterns.device) for places in (cells.queries, cells.keys))
    return np.asarray(patterns[:, :, queries, keys].double().cpu().numpy())


def _check_fits(model: PreTrainedModel, token_ids: Integers, where: str) -> None:
    width, highest = token_ids.shape[1], int(token_ids.max())
    context = context_length(model)
    if context is not None and width > context:
        raise EvaluationError(
            f"{where}: sequences of {width:,} tokens were asked for, BOS included, and the model's context is "
            f"{context:,}. Ask for a shorter period."
        )
    if highest >= vocabulary_size(model):
        raise EvaluationError(
            f"{where}: sequences hold token {highest:,}, and the model has embeddings for tokens below "
            f"{vocabulary_size(model):,}. Draw them with the tokenizer that the model was trained with."
        )
