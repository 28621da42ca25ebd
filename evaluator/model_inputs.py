"""Rows as a transformers model takes them."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from evaluator.rows import Ancestry, Rows


def model_inputs(model: PreTrainedModel, rows: Rows) -> dict[str, object]:
    """Keyword arguments of a forward pass. Rows of tries bring the depth of each node as its position and a mask."""
    inputs: dict[str, object] = {
        "input_ids": torch.from_numpy(rows.token_ids).to(model.device, torch.int64),
        "use_cache": False,
        "return_dict": True,
    }
    if rows.ancestry is not None:
        inputs["position_ids"] = torch.from_numpy(rows.ancestry.depths).to(model.device, torch.int64)
        inputs["attention_mask"] = ancestor_mask(rows.ancestry, model.device, model.dtype)
    return inputs


def ancestor_mask(ancestry: Ancestry, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """[row, 1, query, key] Added to attention scores: 0 where the key is the query's ancestor or itself, else the
    lowest number of `dtype`. In this form both the eager attention of transformers and its sdpa take it as it is.
    """
    ends = torch.from_numpy(ancestry.subtree_ends).to(device)[:, None, None, :]  # [row, 1, 1, key]
    places = torch.arange(ends.shape[-1], device=device)
    query, key = places[:, None], places[None, :]
    is_visible = (key <= query) & (query < ends)  # [row, 1, query, key]
    return torch.zeros(is_visible.shape, dtype=dtype, device=device).masked_fill_(~is_visible, torch.finfo(dtype).min)
