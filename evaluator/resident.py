"""One model on the device, whose weights are overwritten in place from checkpoint to checkpoint."""

from __future__ import annotations

from typing import Literal

import torch
from transformers import PreTrainedModel

from evaluator.prefetch import LoadedWeights

Attention = Literal["sdpa", "eager"]


class ResidentModel:
    """Holds the model. Its storages never change after the first load, so compiled graphs stay valid."""

    def __init__(self, device: torch.device, dtype: torch.dtype, attention: Attention = "sdpa") -> None:
        self.notes: list[str] = []

    def load(self, weights: LoadedWeights) -> PreTrainedModel:
        """The model with these weights, in eval mode; raises CheckpointError, after which another one can be loaded."""
        raise NotImplementedError
