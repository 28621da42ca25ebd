"""The weights of a model by layer and head, whatever family it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Linear, Module
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from evaluator.inside.gpt2_projections import GPT2Projections
from evaluator.inside.layout import AttentionShape, Layout, Projection
from evaluator.inside.neox_projections import NeoXProjections
from evaluator.inside.separate_projections import SeparateProjections
from exposure.errors import EvaluationError

LAYOUTS: dict[str, Layout] = {
    "gpt2": GPT2Projections(),
    "gpt_neox": NeoXProjections(),
    "llama": SeparateProjections(),
    "mistral": SeparateProjections(),
    "olmo": SeparateProjections(centres_norm=True),
    "olmo2": SeparateProjections(norms_output=True),
    "qwen2": SeparateProjections(),
}
"""transformers' model_type → where it keeps its weights."""


class UnsupportedArchitectureError(EvaluationError):
    """A model whose weights this software does not know how to take apart."""


@dataclass(frozen=True)
class HeadWeights:
    """The heads of one layer, as x @ W: copies on the CPU. Heads of keys and values are repeated for each query head.

    With a [query, key] the attention of head h and y [token, d_model] what its layer's attention reads, the layer's
    attention gives Σ_h a_h @ (y @ W_V[h] + b_v[h]) @ W_O[h] + b_o (Elhage et al. 2021, A Mathematical Framework for
    Transformer Circuits). Queries and keys are as before rotation, and before the norm that OLMo 2 gives them. A model
    that clamps them all (OLMo's `clip_qkv`) does so afterwards.
    """

    W_Q: Tensor  # [head, d_model, d_head]
    W_K: Tensor  # [head, d_model, d_head]
    W_V: Tensor  # [head, d_model, d_head]
    W_O: Tensor  # [head, d_head, d_model]
    b_q: Tensor  # [head, d_head] zeros where the model has none, as below
    b_k: Tensor  # [head, d_head]
    b_v: Tensor  # [head, d_head]
    b_o: Tensor  # [d_model]


@dataclass(frozen=True)
class Architecture:
    """What a model is made of. Everything is read when it is asked for, so it stays right while a series of
    checkpoints is loaded into the same model; all tensors that it gives are copies, on the CPU, in the `dtype` asked
    for (float32 or float64).
    """

    model_type: str
    shape: AttentionShape
    blocks: Sequence[Module]  # [layer]
    _model: PreTrainedModel
    _layout: Layout

    @property
    def n_layers(self) -> int:
        """Blocks."""
        return len(self.blocks)

    @property
    def n_heads(self) -> int:
        """Heads of queries in each layer."""
        return self.shape.n_heads

    @property
    def n_kv_heads(self) -> int:
        """Heads of keys and values in each layer."""
        return self.shape.n_kv_heads

    @property
    def d_head(self) -> int:
        """Dimensions of a head."""
        return self.shape.d_head

    @property
    def d_model(self) -> int:
        """Dimensions of the residual stream."""
        return self.shape.d_model

    @property
    def centres_norm(self) -> bool:
        """Whether norms subtract the mean before they scale (LayerNorm), or only scale (RMSNorm)."""
        return self._layout.centres_norm

    def heads(self, layer: int, dtype: torch.dtype = torch.float32) -> HeadWeights:
        """The heads of `layer`, counted from 0."""
        stored = self._layout.projections(self._layout.attention(self.blocks[layer]), self.shape)
        groups = self.n_heads // self.n_kv_heads
        (w_q, b_q), (w_k, b_k), (w_v, b_v) = (
            _by_query_head(projection, self.n_heads, repeats, dtype)
            for projection, repeats in ((stored.query, 1), (stored.key, groups), (stored.value, groups))
        )
        w_o, b_o = stored.output
        b_o = torch.zeros(self.d_model) if b_o is None else b_o
        return HeadWeights(w_q, w_k, w_v, _copy(w_o, dtype), b_q, b_k, b_v, _copy(b_o, dtype))

    def embedding(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """[V, d_model] W_E, without learnt positions. Rows beyond the tokenizer's ids are there as in the model."""
        return _copy(_weight(self._model.get_input_embeddings()), dtype)

    def unembedding(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """[d_model, V] W_U."""
        return _copy(_weight(self._model.get_output_embeddings()).T, dtype)  # type: ignore[no-untyped-call]

    def attention_norm_gain(self, layer: int, dtype: torch.dtype = torch.float32) -> Tensor | None:
        """[d_model] Gain of the norm before the attention of `layer`: None where the norm has none (OLMo), or where
        attention reads the residual stream without one (OLMo 2).
        """
        return _gain(self._layout.attention_norm(self.blocks[layer]), dtype)

    def attention_output_gain(self, layer: int, dtype: torch.dtype = torch.float32) -> Tensor | None:
        """[d_model] Gain of the norm through which attention is added to the residual stream (OLMo 2), else None."""
        return _gain(self._layout.attention_output_norm(self.blocks[layer]), dtype)

    def final_norm_gain(self, dtype: torch.dtype = torch.float32) -> Tensor | None:
        """[d_model] Gain of the norm before the unembedding; None where it has none (OLMo)."""
        return _gain(self._layout.final_norm(self._model), dtype)


def architecture_of(model: PreTrainedModel) -> Architecture:
    """How to reach the weights of `model`, a causal language model.

    Raises UnsupportedArchitectureError, with its model_type and those that are supported, where the family is not
    known or its projections are not stored as plain matrices (quantised or adapted ones are not).
    """
    model_type = str(model.config.model_type)
    layout = LAYOUTS.get(model_type)
    if layout is None:
        raise UnsupportedArchitectureError(
            f"The weights of this {model_type} model were asked for by head, and this is known only for "
            f"{', '.join(sorted(LAYOUTS))}. Ask for measures that need only outputs, or evaluate another model."
        )
    if model.get_output_embeddings() is None:  # type: ignore[no-untyped-call]
        raise UnsupportedArchitectureError(
            f"This {type(model).__name__} has no unembedding, and a causal language model was expected. Load it with "
            "AutoModelForCausalLM."
        )
    blocks = layout.blocks(model)
    for block in blocks:
        _check_plain(layout.projection_modules(layout.attention(block)), model_type)
    return Architecture(model_type, _shape(model), blocks, model, layout)


def _check_plain(modules: Sequence[Module], model_type: str) -> None:
    for module in modules:
        if type(module) not in (Linear, Conv1D):
            raise UnsupportedArchitectureError(
                f"This {model_type} model keeps a projection of its attention in a {type(module).__name__}, and heads "
                "are read from plain matrices only. Load the model without quantisation and without adapters."
            )


def _shape(model: PreTrainedModel) -> AttentionShape:
    config = model.config
    n_heads, d_model = int(config.num_attention_heads), int(config.hidden_size)
    n_kv_heads = getattr(config, "num_key_value_heads", None) or n_heads
    d_head = getattr(config, "head_dim", None) or d_model // n_heads
    return AttentionShape(n_heads, int(n_kv_heads), int(d_head), d_model)


def _by_query_head(projection: Projection, n_heads: int, repeats: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """[head, d_model, d_head] and [head, d_head]: kv head g serves query heads g × repeats … (g + 1) × repeats - 1."""
    weight, bias = projection
    bias = torch.zeros(weight.shape[:2]) if bias is None else bias
    heads = torch.arange(n_heads) // repeats
    return _copy(weight, dtype)[heads].transpose(1, 2), _copy(bias, dtype)[heads]


def _weight(module: Module | None) -> Tensor:
    assert module is not None
    weight = module.weight
    assert isinstance(weight, Tensor)
    return weight


def _gain(norm: Module | None, dtype: torch.dtype) -> Tensor | None:
    weight = getattr(norm, "weight", None)
    return _copy(weight, dtype) if isinstance(weight, Tensor) else None


def _copy(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.detach().to(device="cpu", dtype=dtype, copy=True).contiguous()
