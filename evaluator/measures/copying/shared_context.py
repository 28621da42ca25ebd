"""Logits of several queries after one context: the context is computed once, its keys and values serve them all.

The queries stand end to end in one row after the context. Each is told the positions that follow the context, and a
mask lets it see the context and itself. So no key or value is copied for each query: ten queries of 17 tokens after
900 cost a forward pass of 1,070 tokens, where recomputation costs 9,170, and a cache that is repeated for each query
ten times the context's memory. Measured with 6 layers of width 384 on a CPU, two samples: the context alone 0.72 s,
with all its queries 0.80 s, by a repeated cache 1.75 s, by recomputation 6.7 s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from evaluator.devices import dtype_name
from evaluator.measures.chosen_logits import logits_at
from evaluator.memory import is_out_of_memory
from evaluator.paths import LEAST_SPREAD, TOLERANCE
from evaluator.trie_support import why_not_tries

QueryLogits = Callable[[PreTrainedModel, torch.Tensor, torch.Tensor, int], torch.Tensor]
"""model, contexts [sample, token], queries [sample, query, token], n_last → [sample, query, n_last, vocabulary]: the
logits at the last `n_last` tokens of each query."""


def shared_logits(model: PreTrainedModel, contexts: torch.Tensor, queries: torch.Tensor, n_last: int) -> torch.Tensor:
    """The context once, then all queries in one row. For models that `why_not_shared` has nothing against."""
    n_samples, n_queries, width = queries.shape
    length = contexts.shape[1]
    cache = model.base_model(input_ids=contexts, use_cache=True, return_dict=True).past_key_values
    if not isinstance(cache, DynamicCache) or any(cache.is_sliding):
        raise TypeError(f"its cache is a {type(cache).__name__} that does not keep every token")
    positions = (length + torch.arange(width, device=queries.device)).repeat(n_queries)  # [query × token]
    inputs: dict[str, object] = {
        "input_ids": queries.flatten(1),
        "past_key_values": cache,
        "position_ids": positions.expand(n_samples, -1),
        "attention_mask": _query_mask(length, n_queries, width, model.dtype, queries.device).expand(
            n_samples, -1, -1, -1
        ),
        "use_cache": True,
        "return_dict": True,
    }
    found = logits_at(model, inputs, _last_places(n_queries, width, n_last, queries.device))
    return found.view(n_samples, n_queries, n_last, -1)


def recomputed_logits(
    model: PreTrainedModel, contexts: torch.Tensor, queries: torch.Tensor, n_last: int
) -> torch.Tensor:
    """A row of its own for every query, the context before it: right for every model, and slow.

    Rows are fed one query of all samples at a time.
    """
    length, width = contexts.shape[1], queries.shape[2]
    places = length + _last_places(1, width, n_last, queries.device)
    rows = (torch.cat([contexts, query], dim=1) for query in queries.unbind(1))
    found = [logits_at(model, {"input_ids": row, "use_cache": False, "return_dict": True}, places) for row in rows]
    return torch.stack(found, dim=1)


def why_not_shared(model: PreTrainedModel, contexts: torch.Tensor, queries: torch.Tensor, n_last: int) -> str | None:
    """The reason why these samples' queries cannot share a context; None where they can.

    Proven on the samples given: the logits must be recomputation's, within what two right ways differ by (paths.py).
    Where these are not finite nothing can be proven, and the reason says so.
    """
    if reason := why_not_tries(model, contexts.shape[1] + queries.shape[2]):
        return reason
    expected = recomputed_logits(model, contexts, queries, n_last)
    try:
        found = shared_logits(model, contexts, queries, n_last)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            raise
        return f"the model refuses it ({(str(error) or type(error).__name__).splitlines()[0]})"
    return _objection(found, expected, dtype_name(model.dtype))


def _objection(found: torch.Tensor, expected: torch.Tensor, dtype: str) -> str | None:
    one, other = (logits.float().cpu().numpy().astype(np.float64) for logits in (found, expected))
    if not np.isfinite(other).all():
        return "its logits are not finite, so nothing can be compared"
    difference = float(np.sqrt(np.mean((one - other) ** 2)))
    if difference <= TOLERANCE[dtype] * max(LEAST_SPREAD, float(other.std())):
        return None
    return f"on the first sample, logits differ by {difference:.2g} from recomputation"


def _last_places(n_queries: int, width: int, n_last: int, device: torch.device) -> torch.Tensor:
    """[query × last] Where, in a row of queries, the last tokens of each stand."""
    last = torch.arange(width - n_last, width, device=device)
    return (torch.arange(n_queries, device=device)[:, None] * width + last).flatten()


def _query_mask(length: int, n_queries: int, width: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """[1, 1, query token, key] Added to attention scores: 0 for the context and for what stands before in the query."""
    places = torch.arange(n_queries * width, device=device)
    own = (places[:, None] // width == places // width) & (places <= places[:, None])
    is_visible = torch.cat([own.new_ones(len(places), length), own], dim=1)
    mask = torch.zeros(is_visible.shape, dtype=dtype, device=device)
    return mask.masked_fill_(~is_visible, torch.finfo(dtype).min)[None, None]
