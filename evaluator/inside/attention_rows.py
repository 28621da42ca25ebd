"""Attention probabilities of chosen queries, seen while a model runs as it always does.

Every attention layer of transformers hands its queries and keys, after rotation, to the function that its
configuration names. Here that function computes what is asked for beside what it always computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from evaluator.inside.attention_interface import intercepted_attention, refuse_unwatchable
from evaluator.inside.attention_weights import (
    Attended,
    ChosenQueries,
    attention_pattern,
    chosen_queries,
    rows_of_attention,
)
from evaluator.inside.places import Places

OnLayer = Callable[[int, Tensor], None]
"""Takes a layer, counted from 0, and its attention probabilities, fp32, on the model's device."""


@contextmanager
def watched_attention(model: PreTrainedModel, on_layer: OnLayer, queries: Places | None = None) -> Iterator[None]:
    """Inside, every forward pass of `model` tells `on_layer` the attention probabilities of each layer in turn.

    With `queries`: [query, head, key] for those alone; of no others are probabilities made. Without: [row, head, query,
    key], for short sequences only. Keys are places in the row that is fed: 0 exactly where the query may not look
    (later tokens, padding under a mask, other sentences of a packed row; see path_places). A query that may look
    nowhere (padding on the left) gets NaN or equal weights. Heads are query heads. Computed in fp32 from the model's
    own queries and keys, before dropout. Pass use_cache=False, as model_inputs does: with a cache, transformers lets
    sentences that are packed by their positions see each other. The model's outputs stay what they are, and this
    context and that of watched_hidden_states can be entered together for one pass.

    Raises EvaluationError where the model is in train mode, is watched already, has an attention that is neither sdpa
    nor eager or does not go through transformers' interface, keeps keys in a cache, or a query lies outside the batch.
    """

    weights = attention_pattern if queries is None else _rows_at(queries)
    with intercepted_attention(model, lambda layer, attended: on_layer(layer, weights(attended))):
        yield


def attention_rows(model: PreTrainedModel, inputs: Mapping[str, object], queries: Places) -> Tensor:
    """[layer, query, head, key] fp32, on the CPU, from one pass without unembedding; `inputs` as of model_inputs.

    Raises EvaluationError as watched_attention does.
    """
    found: list[Tensor] = []
    with torch.inference_mode(), watched_attention(model, lambda _, rows: found.append(rows.cpu()), queries):
        model.base_model(**{"use_cache": False, **inputs})
    return torch.stack(found)


def refuse_unwatched(model: PreTrainedModel) -> None:
    """Raise EvaluationError where the model's attention cannot be watched, as a pass of two tokens shows.

    Some is known only then: layers beside the interface, scores that are capped (Gemma 2).
    """
    refuse_unwatchable(model)
    ids = torch.zeros((1, 2), dtype=torch.int64, device=model.device)
    attention_rows(model, {"input_ids": ids}, Places(np.array([0]), np.array([1])))


def attention_patterns(model: PreTrainedModel, inputs: Mapping[str, object], on_layer: OnLayer) -> None:
    """Tell `on_layer` [row, head, query, key] of each layer, from one pass without unembedding: for short sequences,
    of which on_layer keeps what it needs (one layer at a time is in memory).

    Raises EvaluationError as watched_attention does.
    """
    with torch.inference_mode(), watched_attention(model, on_layer):
        model.base_model(**{"use_cache": False, **inputs})


def _rows_at(queries: Places) -> Callable[[Attended], Tensor]:
    """rows_of_attention of `queries`, which are laid out once for all layers."""

    @cache
    def chosen(n_rows: int, width: int, device: torch.device) -> ChosenQueries:
        queries.check(n_rows, width)
        return chosen_queries(queries, n_rows, device)

    def weights(attended: Attended) -> Tensor:
        n_rows, _, width, _ = attended.query.shape
        return rows_of_attention(attended, chosen(n_rows, width, attended.query.device))

    return weights
