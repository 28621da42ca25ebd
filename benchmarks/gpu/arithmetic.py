"""How many operations a forward pass takes, counted; and how many the device can do, measured.

A multiplication and the addition to a sum are two operations. Counted are the products of matrices: projections, MLP,
unembedding, and attention over all keys of a row, masked or not (as a masked kernel computes it). Norms, softmax and
rotary embeddings are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from transformers import PretrainedConfig

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.clock import timed
from evaluator.rows import RowSet

GATED = frozenset({"llama"})
"""Families whose feed-forward blocks have three matrices; the others have two."""


@dataclass(frozen=True)
class Arithmetic:
    """Operations of one model, by what decides them."""

    layers: int
    width: int
    per_token: int  # outside attention's products and unembedding
    per_unembedding: int

    @classmethod
    def of(cls, config: PretrainedConfig) -> Arithmetic:
        """Of a GPT-NeoX or a Llama with as many key heads as query heads."""
        if config.model_type not in ("gpt_neox", "llama"):
            raise ValueError(f"operations of {config.model_type} are not counted")
        width, layers = int(config.hidden_size), int(config.num_hidden_layers)
        matrices = 3 if config.model_type in GATED else 2
        weights = layers * (4 * width * width + matrices * width * int(config.intermediate_size))
        return cls(layers, width, 2 * weights, 2 * width * int(config.vocab_size))

    def attention(self, keys: int) -> int:
        """Of one token that looks at `keys` tokens: scores, and the sum of values."""
        return 4 * self.layers * self.width * keys

    def of_rows(self, rows: RowSet) -> int:
        """Of one pass over rows as they are fed, padding among them; unembedded is what is asked for."""
        return sum(
            group.token_ids.size * (self.per_token + self.attention(group.width))
            + len(np.unique(group.edge_nodes)) * self.per_unembedding
            for group in rows.groups
        )

    def of_training(self, tokens: int, length: int) -> int:
        """Forward and backward over `tokens` in sequences of `length`: the backward pass counted as two forward ones,
        attention over the whole length (Chowdhery et al. 2022, PaLM, appendix B).
        """
        return 3 * tokens * (self.per_token + self.attention(length) + self.per_unembedding)


def peak(bench: Bench, size: int) -> float:
    """Operations a second of a product of two random matrices of `size` × `size` in bf16."""
    one, other = (torch.randn(size, size, device=bench.device, dtype=torch.bfloat16) for _ in range(2))
    product = torch.empty_like(one)
    count = 10

    def products() -> None:
        for _ in range(count):
            torch.mm(one, other, out=product)

    return float(2 * size**3 * count / timed(bench, products, repeats=5)["seconds"])
