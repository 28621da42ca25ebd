"""Next-token loss of a batch, forward and backward in micro-batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel

from lab.head_loss import summed_cross_entropy


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` [sequence, L]; `lengths` [sequence], the tokens of each that are its own: the rest is padding."""

    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.lengths.sum())

    @property
    def targets(self) -> int:
        """Tokens that have one before them in their sequence: those that are predicted."""
        return int(np.maximum(self.lengths - 1, 0).sum())

    def part(self, first: int, end: int) -> Batch:
        """Sequences [first, end), cut to the longest of them."""
        lengths = self.lengths[first:end]
        return Batch(self.ids[first:end, : max(int(lengths.max()), 1)], lengths)


def places_of_targets(batch: Batch) -> npt.NDArray[np.int64]:
    """Places in the flattened [sequence, token] whose next token is to be predicted: rising, one a target."""
    has_next = np.arange(batch.ids.shape[1])[None, :] < batch.lengths[:, None] - 1  # [sequence, token]
    return np.flatnonzero(has_next)


def summed_loss(
    model: PreTrainedModel, ids: torch.Tensor, places: torch.Tensor, targets: torch.Tensor, is_bf16: bool
) -> torch.Tensor:
    """Σ −ln p(targets[k] | what stands up to places[k]) in nats; with `is_bf16` in mixed precision.

    `ids` [sequence, token], `places` [target] in it when flattened, `targets` [target]. Padding stands behind what is
    real, and attention looks back only: no mask is needed.
    """
    with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=is_bf16):
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state  # [sequence, token, width]
    weight = model.get_output_embeddings().weight  # type: ignore[no-untyped-call]
    return summed_cross_entropy(hidden.flatten(0, 1)[places], weight, targets, is_bf16)


def backward(model: PreTrainedModel, batch: Batch, micro_batch: int, is_bf16: bool) -> torch.Tensor:
    """Add the gradient of the mean loss over the batch's targets to the parameters' and return that mean (a scalar).

    `micro_batch` sequences pass the model at a time. The mean is 0 for a batch without targets.
    """
    total = torch.zeros((), device=model.device)
    for first in range(0, len(batch.ids), micro_batch):
        part = batch.part(first, first + micro_batch)
        before = places_of_targets(part)
        arrays = (part.ids, before, part.ids.ravel()[before + 1])
        ids, places, targets = (torch.from_numpy(one).to(model.device, non_blocking=True) for one in arrays)
        loss = summed_loss(model, ids, places, targets, is_bf16) / max(batch.targets, 1)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    return total
