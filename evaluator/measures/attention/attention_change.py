"""Δ of attention between two checkpoints: of the word, of its control, and what the one gained beyond the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.scored import Flags, Floats
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class AttentionChange:
    """After − before, of the same pairs. NaN where either is."""

    weight: Floats  # [pair, layer, head]
    control: Floats  # [pair, layer, head] of the control that the spec names
    entropy: Floats  # [pair, layer, head] nats
    spec: AttentionSpec

    @property
    def has_control(self) -> Flags:
        """[pair] Whether the word can be compared with the control; then both are known in every head."""
        n_pairs = len(self.weight)
        return np.asarray(~np.isnan(self.weight + self.control).reshape(n_pairs, -1).any(axis=1))

    @property
    def contrast(self) -> Floats:
        """[pair, layer, head] What the word gained beyond what its control gained."""
        return self.weight - self.control


def attention_change(before: AttentionWeights, after: AttentionWeights) -> AttentionChange:
    """Δ between two checkpoints; EvaluationError where they are not of the same pairs, heads and spec."""
    if before.weight.shape != after.weight.shape or before.spec != after.spec:
        raise EvaluationError(
            f"Attention of shape {before.weight.shape} ({before.spec.convention}) and of shape {after.weight.shape} "
            f"({after.spec.convention}) have no difference: take both of the same pairs, of one model, by one spec."
        )
    return AttentionChange(
        after.weight - before.weight, after.control - before.control, after.entropy - before.entropy, before.spec
    )
