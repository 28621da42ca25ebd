"""Overwriting the weights of a model in place, and the proof that it gives what from_pretrained gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from evaluator.weight_names import NamePlan, Storage, same_bits
from exposure.errors import CheckpointError

_COMPARED = 64
"""Numbers at the beginning of tensors by which those that may be alike are found."""


def assign(plan: NamePlan, targets: Sequence[Storage], tensors: Mapping[str, torch.Tensor], name: str) -> None:
    """Overwrite every storage once, in place; raises CheckpointError before the first where one does not fit.

    `name` is the checkpoint's, for messages.
    """
    sources = []
    for names, target in zip(plan.sources, targets, strict=True):
        candidates = [tensors[one] for one in names]
        if candidates[0].shape != target.tensor.shape:
            raise CheckpointError(
                f"{name}: {names[0]} has shape {tuple(candidates[0].shape)}, its model's has "
                f"{tuple(target.tensor.shape)}. Are config.json and the weights of the same model?"
            )
        if not all(same_bits(one, candidates[0]) for one in candidates[1:]):
            raise CheckpointError(
                f"{name} has different values for {' and '.join(names)}, which are one weight in the first "
                "checkpoint of the series. Evaluate it apart."
            )
        sources.append(candidates[0])
    copy_all(sources, targets)


def is_proven(
    plan: NamePlan,
    targets: Sequence[Storage],
    tensors: Mapping[str, torch.Tensor],
    expected: Sequence[torch.Tensor],
) -> bool:
    """Whether assigning `tensors` makes every storage what from_pretrained made of them, `expected`, bit by bit.

    Every storage is made unusable first, so that one which is not assigned is found out.
    """
    for target in targets:
        _spoil(target.tensor)
    try:
        assign(plan, targets, tensors, "")
    except CheckpointError:
        return False
    return all(same_bits(one, target.tensor) for one, target in zip(expected, targets, strict=True))


def told_apart(plan: NamePlan, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
    """`tensors`, those that cannot be told from others being replaced by random ones; None where none has to be.

    Before training, norms are ones and biases zeros: two of them could change places unseen.
    """
    alike: dict[object, list[tuple[str, ...]]] = {}
    for names in plan.sources:
        tensor = tensors[names[0]]
        start = tensor.reshape(-1)[:_COMPARED].view(torch.uint8).numpy().tobytes()
        alike.setdefault((tensor.shape, tensor.dtype, start), []).append(names)
    replaced = [names for group in alike.values() if len(group) > 1 for names in group]
    random = torch.Generator().manual_seed(0)
    told = dict(tensors)
    for names in replaced:
        tensor = tensors[names[0]]
        values = torch.randint(0, 128, tensor.shape, generator=random)
        told |= dict.fromkeys(names, values.to(tensor.dtype))
    return told if replaced else None


def copy_all(sources: Sequence[torch.Tensor], targets: Sequence[Storage]) -> None:
    """Copy each source into the storage at its place, and wait for it: sources may be overwritten afterwards."""
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            target.tensor.copy_(source, non_blocking=True)
    for device in {target.tensor.device for target in targets}:
        if device.type == "cuda":
            torch.cuda.synchronize(device)


def _spoil(tensor: torch.Tensor) -> None:
    with torch.no_grad():
        if tensor.is_floating_point():
            tensor.fill_(torch.nan)
        else:
            tensor.copy_(~tensor)
