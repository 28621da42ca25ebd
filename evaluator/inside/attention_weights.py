"""Attention probabilities from queries and keys: those of chosen queries, or all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluator.inside.places import Places


@dataclass(frozen=True)
class ChosenQueries:
    """Places by row of the batch, every row filled up to as many as the one that has most."""

    tokens: Tensor  # [row, slot] places in the row; 0 where a slot is empty
    rows: Tensor  # [query] the row of each, in the order of the Places
    slots: Tensor  # [query] its slot in that row


@dataclass(frozen=True)
class Attended:
    """What one layer's attention is computed from."""

    query: Tensor  # [row, head, query, d_head] after rotation
    key: Tensor  # [row, kv head, key, d_head] after rotation
    mask: (
        Tensor | None
    )  # [row or 1, head or 1, query, key] where the query looks (bool), or added to scores; None: causal
    scaling: float


def chosen_queries(queries: Places, n_rows: int, device: torch.device) -> ChosenQueries:
    """`queries` of a batch of `n_rows` rows, by row."""
    counts = np.bincount(queries.rows, minlength=n_rows)
    order = np.argsort(queries.rows, kind="stable")
    slots = np.empty(len(queries), dtype=np.int64)
    slots[order] = np.arange(len(queries)) - np.repeat(np.cumsum(counts) - counts, counts)
    tokens = np.zeros((n_rows, int(counts.max(initial=0))), dtype=np.int64)
    tokens[queries.rows, slots] = queries.tokens
    return ChosenQueries(*(torch.from_numpy(one).to(device) for one in (tokens, queries.rows, slots)))


def rows_of_attention(attended: Attended, chosen: ChosenQueries) -> Tensor:
    """[query, head, key] fp32, in the order of the Places. Makes [row, head, slot, key], and keys are not repeated."""
    mask = _mask(attended, chosen.tokens)
    weights = _weights(_at(attended.query, chosen.tokens), attended.key, mask, attended.scaling)
    return weights[chosen.rows, :, chosen.slots]


def attention_pattern(attended: Attended) -> Tensor:
    """[row, head, query, key] fp32."""
    places = torch.arange(attended.query.shape[2], device=attended.query.device)[None]  # [1, query]
    mask = _causal(places, attended.key.shape[2]) if attended.mask is None else attended.mask
    return _weights(attended.query, attended.key, mask, attended.scaling)


def _weights(query: Tensor, key: Tensor, mask: Tensor, scaling: float) -> Tensor:
    """softmax(scaling × q·k) in fp32 under the mask: 0 where the query may not look.

    Query head h reads kv head h // groups: the heads of a group stand one below the other and share one product.
    """
    n_rows, n_kv_heads, n_keys, d_head = key.shape
    grouped = query.float().reshape(n_rows, n_kv_heads, -1, d_head)  # [row, kv head, group × query, d_head]
    scores = (grouped @ key.float().transpose(2, 3)) * scaling  # [row, kv head, group × query, key]
    scores = scores.view(*query.shape[:3], n_keys)  # [row, head, query, key]
    scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask.float()
    return torch.softmax(scores, dim=-1)


def _mask(attended: Attended, tokens: Tensor) -> Tensor:
    """[row, head or 1, slot, key] The mask of the chosen queries alone."""
    if attended.mask is None:
        return _causal(tokens, attended.key.shape[2])
    return _at(attended.mask.expand(len(tokens), -1, -1, -1), tokens)


def _causal(tokens: Tensor, n_keys: int) -> Tensor:
    """[row, 1, query, key] True at the query and before it; `tokens` [row, query] are its places."""
    return (torch.arange(n_keys, device=tokens.device) <= tokens[:, :, None])[:, None]


def _at(values: Tensor, tokens: Tensor) -> Tensor:
    """[row, head, slot, …] of [row, head, query, …] at `tokens` [row, slot]."""
    rows = torch.arange(len(tokens), device=tokens.device)[:, None]
    return values[rows, :, tokens].transpose(1, 2)
