"""What a model can take: refused before it is run, with the pair that is too much for it."""

from __future__ import annotations

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.sequences import Integers
from evaluator.tokenised_pairs import TokenisedPairs
from exposure.errors import EvaluationError


def check_limits(model: PreTrainedModel, tokenised: TokenisedPairs, where: str, *, is_last_fed: bool = False) -> None:
    """Raise EvaluationError where a sequence is longer than the model's context, or holds an id that it has not.

    For scores the last token is only predicted, and needs no place in the context unless `is_last_fed`.
    """
    _check_lengths(context_length(model), tokenised, where, is_last_fed)
    _check_ids(vocabulary_size(model), tokenised, where)


def vocabulary_size(model: PreTrainedModel) -> int:
    """Ids that the model has an embedding for: at least its tokenizer's, often some more for the sake of alignment."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    return len(weight)


def context_length(model: PreTrainedModel) -> int | None:
    """Tokens that the model can be fed at once; None where its configuration sets no bound."""
    config = model.config.get_text_config()
    found = getattr(config, "max_position_embeddings", None) or getattr(config, "max_seq_len", None)
    return found if isinstance(found, int) else None


def _check_lengths(context: int | None, tokenised: TokenisedPairs, where: str, is_last_fed: bool) -> None:
    lengths, not_fed = tokenised.sequences.lengths, 0 if is_last_fed else 1
    if context is None or lengths.max(initial=0) - not_fed <= context:
        return
    too_long = np.flatnonzero(lengths - not_fed > context)
    last = "every token is fed" if is_last_fed else "the last token is only predicted"
    raise EvaluationError(
        f"{where}: the pair {_pair_of(tokenised, too_long)} has a sentence of {lengths[too_long].max():,} tokens with "
        f"what stands before it, and the model's context holds {context:,} ({last}). Leave "
        f"such pairs out ({len(too_long):,} sentences are too long), or evaluate a model with a longer context."
    )


def _check_ids(vocabulary: int, tokenised: TokenisedPairs, where: str) -> None:
    sequences = tokenised.sequences
    if sequences.ids.max(initial=-1) < vocabulary:
        return
    unknown = np.searchsorted(sequences.starts, np.flatnonzero(sequences.ids >= vocabulary), side="right") - 1
    raise EvaluationError(
        f"{where}: the tokenizer gives token {sequences.ids.max():,} in the pair {_pair_of(tokenised, unknown)}, and "
        f"the model has embeddings for tokens below {vocabulary:,}. Tokenizer and weights belong to different models: "
        "put the tokenizer beside the checkpoint that it was trained with."
    )


def _pair_of(tokenised: TokenisedPairs, sequences: Integers) -> str:
    """The first pair that has one of the sequences."""
    mine = np.isin(tokenised.good.sequence, sequences) | np.isin(tokenised.bad.sequence, sequences)
    return tokenised.names[int(np.flatnonzero(mine)[0])]
