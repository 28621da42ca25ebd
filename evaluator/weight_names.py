"""Which tensor of a checkpoint goes into which storage of a model.

Names are matched as they are, or with the prefix of the base model added or taken off (hub files of GPT-2 have none).
What is left over is matched by content with what from_pretrained made of the same files, since transformers renames
weights when it loads them (GPT-NeoX: embed_out became lm_head), differently from version to version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel


@dataclass(frozen=True)
class Storage:
    """One piece of memory of a model: a parameter or persistent buffer, under every name that it is tied to."""

    names: tuple[str, ...]
    tensor: torch.Tensor


@dataclass(frozen=True)
class NamePlan:
    """For each storage, the tensors of a checkpoint with its value: one, or several where tied ones are all there."""

    sources: tuple[tuple[str, ...], ...]  # [storage], in the order of `storages`
    names: frozenset[str]
    """All tensors of the checkpoints it is for; those that are no source are of no use to the model."""


def storages(model: PreTrainedModel) -> list[Storage]:
    """Every parameter and persistent buffer once, in the order of the model."""
    tied: dict[tuple[int, int, torch.Size, tuple[int, ...]], tuple[list[str], torch.Tensor]] = {}
    for name, tensor in model.state_dict().items():
        key = (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride())
        if tensor.numel() == 0:
            key = (-len(tied) - 1, 0, tensor.shape, ())
        tied.setdefault(key, ([], tensor))[0].append(name)
    return [Storage(tuple(names), tensor) for names, tensor in tied.values()]


def name_plan(model: PreTrainedModel, tensors: Mapping[str, torch.Tensor]) -> NamePlan | None:
    """How `tensors` fill the storages of `model`, which from_pretrained made of them; None where that is not clear."""
    targets = storages(model)
    place_of = {name: place for place, one in enumerate(targets) for name in one.names}
    sources: list[list[str]] = [[] for _ in targets]
    left = []
    for name in sorted(tensors):
        place = _place(name, place_of, model.base_model_prefix)
        if place is None:
            left.append(name)
        else:
            sources[place].append(name)
    for place, target in enumerate(targets):
        if not sources[place]:
            alike = [name for name in left if same_bits(tensors[name], target.tensor)]
            if len(alike) != 1:
                return None
            sources[place] = alike
            left.remove(alike[0])
    return NamePlan(tuple(map(tuple, sources)), frozenset(tensors))


def _place(name: str, place_of: Mapping[str, int], prefix: str) -> int | None:
    for candidate in (name, f"{prefix}.{name}", name.removeprefix(f"{prefix}.")):
        if candidate in place_of:
            return place_of[candidate]
    return None


def same_bits(stored: torch.Tensor, target: torch.Tensor) -> bool:
    """Whether `stored`, in the dtype and on the device of `target`, is the very same, NaN being equal to itself."""
    if stored.shape != target.shape:
        return False
    there = stored.to(device=target.device, dtype=target.dtype)
    return torch.equal(_bytes(there), _bytes(target))


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.reshape(-1).view(torch.uint8)  # [byte]
