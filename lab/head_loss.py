"""Output layer and cross-entropy in one, a few hundred tokens at a time.

The logits of a whole batch ([token, vocabulary] in fp32) are larger than all else in a small model, and torch keeps
three arrays of that size. Here the gradient is worked out with the loss, while a chunk of logits is in the cache.
"""

from __future__ import annotations

from typing import Any

import torch

CHUNK_NUMBERS = 1 << 22
"""Logits of one chunk on a CPU: 16 MiB in fp32. A GPU takes 64 times as many."""


class _SummedCrossEntropy(torch.autograd.Function):
    """hidden [token, width], weight [vocabulary, width], targets [token] → Σ −ln softmax(hidden · weightᵀ)[target]."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, is_bf16: bool) -> Any:
        kind = torch.bfloat16 if is_bf16 else torch.float32
        lowered = weight.to(kind)
        hidden_gradient = torch.empty_like(hidden)
        weight_gradient = torch.zeros_like(weight)
        total = torch.zeros((), device=hidden.device)
        numbers = CHUNK_NUMBERS * (64 if hidden.is_cuda else 1)
        chunk = max(numbers // len(weight), 1)
        for first in range(0, len(hidden), chunk):
            part, wanted = hidden[first : first + chunk].to(kind), targets[first : first + chunk, None]
            logits = (part @ lowered.T).float()  # [chunk, vocabulary]
            logits -= logits.amax(1, keepdim=True)
            of_target = logits.gather(1, wanted)
            powers = logits.exp_()  # in the place of the logits
            sums = powers.sum(1, keepdim=True)  # [chunk, 1]
            total += (sums.log() - of_target).sum()
            # softmax − one-hot, times `sums`: the smaller matrices are divided by it instead.
            scaled = powers.scatter_add_(1, wanted, -sums).to(kind)
            hidden_gradient[first : first + chunk] = (scaled @ lowered) / sums
            weight_gradient += scaled.T @ (part / sums).to(kind)
        ctx.save_for_backward(hidden_gradient, weight_gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        hidden_gradient, weight_gradient = ctx.saved_tensors
        return hidden_gradient * gradients[0], weight_gradient * gradients[0], None, None


def summed_cross_entropy(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, is_bf16: bool
) -> torch.Tensor:
    """Σ −ln p(target) in nats, a scalar; p = softmax over `weight`'s rows of hidden · weight, log-sum-exp in fp32.

    `hidden` [token, width], `weight` [vocabulary, width], `targets` [token] int64. With `is_bf16` the matrices are
    multiplied in bf16.
    """
    with torch.autocast(hidden.device.type, enabled=False):
        total: torch.Tensor = _SummedCrossEntropy.apply(hidden, weight, targets, is_bf16)  # type: ignore[no-untyped-call]
    return total
