"""Next-token loss of a batch, forward and backward in micro-batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812
from transformers import PreTrainedModel

IGNORED = -100
"""The target of a place that has none (torch's own number for it)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` [sequence, L] and how many of each sequence's tokens are its own, `lengths` [sequence]; the rest is padding."""

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


def targets_of(batch: Batch) -> npt.NDArray[np.int64]:
    """[sequence, token]: the token after each; IGNORED where it is padding or there is none."""
    after = np.full(batch.ids.shape, IGNORED, dtype=np.int64)
    after[:, :-1] = batch.ids[:, 1:]
    places = np.arange(batch.ids.shape[1])
    after[places[None, :] >= batch.lengths[:, None] - 1] = IGNORED
    return after


def summed_loss(model: PreTrainedModel, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Σ −ln p(target) in nats over the targets that are not IGNORED; log-softmax in fp32.

    Padding stands behind what is real, and attention looks back only: no mask is needed.
    """
    logits = model(input_ids=ids, use_cache=False).logits  # [sequence, token, vocabulary]
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORED, reduction="sum")


def backward(
    batch: Batch, micro_batch: int, loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], device: torch.device
) -> torch.Tensor:
    """Add the gradient of the mean loss over the batch's targets to the parameters' and return that mean (a scalar).

    It is 0 for a batch without targets.
    """
    total = torch.zeros((), device=device)
    for first in range(0, len(batch.ids), micro_batch):
        part = batch.part(first, first + micro_batch)
        ids, targets = (torch.from_numpy(one).to(device, non_blocking=True) for one in (part.ids, targets_of(part)))
        loss = loss_of(ids, targets) / max(batch.targets, 1)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    return total
