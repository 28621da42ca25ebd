"""A shape as a transformers model with its initial weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, PretrainedConfig, PreTrainedModel

from lab.shapes import Shape


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`size`: rows of the embedding; `begin` and `end`: ids of the tokens that begin and end texts, where there are."""

    size: int
    begin: int | None = None
    end: int | None = None


def config_of(
    shape: Shape, vocabulary: Vocabulary, positions: int, tie: bool, attention_dropout: float = 0.0
) -> PretrainedConfig:
    """The configuration of a model that knows `positions` places; no dropout but that of attention weights."""
    common = {
        "vocab_size": vocabulary.size,
        "tie_word_embeddings": tie,
        "bos_token_id": vocabulary.begin,
        "eos_token_id": vocabulary.end,
        "pad_token_id": None,
        "use_cache": False,
    }
    kind, names = _FAMILIES[shape.family]
    values: dict[str, float] = {"layers": shape.layers, "heads": shape.heads, "width": shape.width, "mlp": shape.mlp}
    values |= {"positions": positions, "attention_dropout": attention_dropout}
    others = _NO_DROPOUT if shape.family == "gpt2" else {}
    config: PretrainedConfig = kind(**{names[what]: value for what, value in values.items()}, **others, **common)
    return config


def initial_model(config: PretrainedConfig, seed: int) -> PreTrainedModel:
    """A model in fp32 whose weights are drawn by `seed` alone, on the CPU, so that any device begins with the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: PreTrainedModel = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
            config, attn_implementation="sdpa", dtype=torch.float32
        )
    return model


_COMMON_NAMES = {
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "width": "hidden_size",
    "mlp": "intermediate_size",
    "positions": "max_position_embeddings",
    "attention_dropout": "attention_dropout",
}
_GPT2_NAMES = {
    "layers": "n_layer",
    "heads": "n_head",
    "width": "n_embd",
    "mlp": "n_inner",
    "positions": "n_positions",
    "attention_dropout": "attn_pdrop",
}
_NO_DROPOUT = {"embd_pdrop": 0.0, "resid_pdrop": 0.0}
"""Of embeddings and of the residual stream; the other families have none unless asked."""
_FAMILIES: dict[str, tuple[Any, dict[str, str]]] = {
    "llama": (LlamaConfig, _COMMON_NAMES),
    "gpt-neox": (GPTNeoXConfig, _COMMON_NAMES),
    "gpt2": (GPT2Config, _GPT2_NAMES),
}
