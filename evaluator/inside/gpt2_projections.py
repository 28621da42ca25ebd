"""GPT-2: all queries, then all keys, then all values, in one module whose weight is stored [in, out]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.nn import Module
from transformers import PreTrainedModel

from evaluator.inside.layout import AttentionProjections, AttentionShape, split_heads


@dataclass(frozen=True)
class GPT2Projections:
    """GPT-2: absolute positions are learnt and added to the embeddings, and no part of the heads."""

    centres_norm: bool = True

    def blocks(self, model: PreTrainedModel) -> Sequence[Module]:
        """[layer] As Layout has it."""
        base: Any = model.base_model
        return list(base.h)

    def attention(self, block: Module) -> Module:
        """As Layout has it."""
        return block.get_submodule("attn")

    def attention_norm(self, block: Module) -> Module | None:
        """As Layout has it."""
        return block.get_submodule("ln_1")

    def attention_output_norm(self, block: Module) -> Module | None:  # noqa: ARG002 - a Layout's
        """There is none."""
        return None

    def final_norm(self, model: PreTrainedModel) -> Module:
        """As Layout has it."""
        return model.base_model.get_submodule("ln_f")

    def projection_modules(self, attention: Module) -> Sequence[Module]:
        """Queries, keys and values; output."""
        return [attention.get_submodule(name) for name in ("c_attn", "c_proj")]

    def projections(self, attention: Module, shape: AttentionShape) -> AttentionProjections:
        """As Layout has it."""
        fused: Any
        output: Any
        fused, output = self.projection_modules(attention)
        parts = zip(fused.weight.T.chunk(3), fused.bias.chunk(3), strict=True)
        query, key, value = (split_heads(part, shape.n_heads) for part in parts)
        by_head = output.weight.view(shape.n_heads, shape.d_head, shape.d_model), output.bias
        return AttentionProjections(query, key, value, by_head)
