"""A forward pass that unembeds only where logits are asked for, in evaluation mode."""

from __future__ import annotations

import inspect

import torch
from transformers import PreTrainedModel


def logits_at(model: PreTrainedModel, inputs: dict[str, object], places: torch.Tensor) -> torch.Tensor:
    """[row, place, vocabulary] The logits at `places` [place] of every row, in the model's dtype.

    A model whose forward pass has no `logits_to_keep` gives all logits, of which those are taken.
    """
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        found: torch.Tensor = model(**inputs).logits[:, places]
        return found
    kept: torch.Tensor = model(**inputs, logits_to_keep=places).logits
    return kept
