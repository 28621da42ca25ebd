"""GPT-NeoX: queries, keys and values of a head lie together, head after head, in one module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import Module
from transformers import PreTrainedModel

from evaluator.inside.layout import AttentionProjections, AttentionShape, Projection, joined_heads


@dataclass(frozen=True)
class NeoXProjections:
    """GPT-NeoX and Pythia; attention reads `input_layernorm` whether the residual is parallel or not."""

    centres_norm: bool = True

    def blocks(self, model: PreTrainedModel) -> Sequence[Module]:
        """[layer] As Layout has it."""
        base: Any = model.base_model
        return list(base.layers)

    def attention(self, block: Module) -> Module:
        """As Layout has it."""
        return block.get_submodule("attention")

    def attention_norm(self, block: Module) -> Module | None:
        """As Layout has it."""
        return block.get_submodule("input_layernorm")

    def attention_output_norm(self, block: Module) -> Module | None:  # noqa: ARG002 - a Layout's
        """There is none."""
        return None

    def final_norm(self, model: PreTrainedModel) -> Module:
        """As Layout has it."""
        return model.base_model.get_submodule("final_layer_norm")

    def projection_modules(self, attention: Module) -> Sequence[Module]:
        """Queries, keys and values; output."""
        return [attention.get_submodule(name) for name in ("query_key_value", "dense")]

    def projections(self, attention: Module, shape: AttentionShape) -> AttentionProjections:
        """As Layout has it; the fused weight is stored [head × (query, key, value) × d_head, d_model]."""
        fused: Any
        output: Any
        fused, output = self.projection_modules(attention)
        query, key, value = (_part(fused.weight, fused.bias, shape, part) for part in range(3))
        return AttentionProjections(query, key, value, joined_heads((output.weight, output.bias), shape.n_heads))


def _part(weight: Tensor, bias: Tensor | None, shape: AttentionShape, part: int) -> Projection:
    by_head = (shape.n_heads, 3, shape.d_head)
    return weight.view(*by_head, shape.d_model)[:, part], None if bias is None else bias.view(by_head)[:, part]
