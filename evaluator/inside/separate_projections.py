"""Llama and its kin: four projections in four modules, fewer heads of keys and values than of queries if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.nn import Module
from transformers import PreTrainedModel

from evaluator.inside.layout import AttentionProjections, AttentionShape, Projection, joined_heads, split_heads


@dataclass(frozen=True)
class SeparateProjections:
    """Llama, Mistral, Qwen2, OLMo and OLMo 2.

    OLMo's norms are LayerNorms without gain. OLMo 2 (`norms_output`) has no norm before attention and one after it,
    and norms all heads of its queries, and of its keys, at once after projecting: W_Q and W_K are as before that.
    """

    centres_norm: bool = False
    norms_output: bool = False

    def blocks(self, model: PreTrainedModel) -> Sequence[Module]:
        """[layer] As Layout has it."""
        return list(_any(model.base_model).layers)

    def attention(self, block: Module) -> Module:
        """As Layout has it."""
        return _module(block, "self_attn")

    def attention_norm(self, block: Module) -> Module | None:
        """As Layout has it."""
        return None if self.norms_output else _module(block, "input_layernorm")

    def attention_output_norm(self, block: Module) -> Module | None:
        """As Layout has it."""
        return _module(block, "post_attention_layernorm") if self.norms_output else None

    def final_norm(self, model: PreTrainedModel) -> Module:
        """As Layout has it."""
        return _module(model.base_model, "norm")

    def projection_modules(self, attention: Module) -> Sequence[Module]:
        """Queries, keys, values, output."""
        return [_module(attention, name) for name in ("q_proj", "k_proj", "v_proj", "o_proj")]

    def projections(self, attention: Module, shape: AttentionShape) -> AttentionProjections:
        """As Layout has it; each weight is stored [out, in]."""
        query, key, value, output = (_stored(module) for module in self.projection_modules(attention))
        return AttentionProjections(
            split_heads(query, shape.n_heads),
            split_heads(key, shape.n_kv_heads),
            split_heads(value, shape.n_kv_heads),
            joined_heads(output, shape.n_heads),
        )


def _any(module: Any) -> Any:
    return module


def _module(parent: Module, name: str) -> Module:
    return parent.get_submodule(name)


def _stored(module: Any) -> Projection:
    return module.weight, module.bias
