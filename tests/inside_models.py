"""Small models of every family that is taken apart by head, in which nothing is zero or one by initialisation."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from evaluator.row_packing import packed_rows
from evaluator.rows import Rows
from evaluator.sequences import TokenSequences
from evaluator.tries import sort_sequences

VOCABULARY = 60
WIDTH = 24  # of the residual stream

_SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
    "tie_word_embeddings": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
_GROUPED = {**_SMALL, "num_key_value_heads": 2}

FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt_neox": ("gpt_neox", _SMALL),
    "gpt_neox, sequential": ("gpt_neox", {**_SMALL, "use_parallel_residual": False, "attention_bias": False}),
    "llama": ("llama", _GROUPED),
    "llama, biased, wide heads": ("llama", {**_GROUPED, "attention_bias": True, "head_dim": 10}),
    "mistral": ("mistral", _GROUPED),
    "qwen2": ("qwen2", _GROUPED),
    "olmo": ("olmo", _GROUPED),
    "olmo2": ("olmo2", _GROUPED),
    "gpt2": ("gpt2", {"vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": 3, "n_head": 4, "n_positions": 64}),
}
"""Name → transformers' model_type and its configuration."""


@cache
def _made(name: str, attention: str) -> PreTrainedModel:
    model_type, fields = FAMILIES[name]
    config = AutoConfig.for_model(model_type, **fields)
    made: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation=attention)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in made.parameters():
            mean = 1.0 if bool((parameter == 1).all()) else 0.0  # gains of norms
            parameter.copy_(mean + 0.3 * torch.randn(parameter.shape, generator=generator))
    return made.eval()


def made(name: str, attention: str = "sdpa", **changes: Any) -> PreTrainedModel:
    """A model of FAMILIES, the same weights whatever the `attention`, to do with as one likes."""
    if not changes:
        return deepcopy(_made(name, attention))
    model_type, fields = FAMILIES[name]
    config = AutoConfig.for_model(model_type, **{**fields, **changes})
    other: PreTrainedModel = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation=attention
    )
    other.load_state_dict(_made(name, attention).state_dict())
    return other.eval()


def token_ids(rows: int, width: int, seed: int = 0) -> Tensor:
    """[row, token] Random ids."""
    return torch.randint(VOCABULARY, (rows, width), generator=torch.Generator().manual_seed(seed))


def causal_mask(width: int) -> Tensor:
    """[1, 1, query, key] To be added to scores."""
    return torch.full((width, width), torch.finfo(torch.float32).min).triu(1)[None, None]


def packed_sentences() -> tuple[list[Tensor], Rows]:
    """Sentences of which some begin alike, and the rows of tries in which they stand, a few to a row."""
    beginning = token_ids(1, 3, seed=5)[0]
    sentences = [torch.cat([beginning, token_ids(1, 2 + i, seed=i)[0]]) for i in range(4)]
    sentences += [token_ids(1, 5 + i % 3, seed=20 + i)[0] for i in range(4)]
    sequences = TokenSequences.of([one.numpy().astype(np.int32) for one in sentences], np.ones(8, np.int64))
    (rows,) = packed_rows(sequences, sort_sequences(sequences), width=14).groups
    assert len(rows) > 1
    return sentences, rows


def paths(sentence: Tensor, rows: Rows) -> list[tuple[int, list[int]]]:
    """Row and places of all but the last token of `sentence` in packed rows, wherever they stand: by trial."""
    assert rows.ancestry is not None
    fed, depths, ends = sentence[:-1].tolist(), rows.ancestry.depths, rows.ancestry.subtree_ends
    found = []
    for row, width in product(range(len(rows)), [rows.width]):
        for end in range(width):
            path = [k for k in range(end + 1) if ends[row, k] > end]
            if rows.token_ids[row, path].tolist() == fed and depths[row, end] == len(fed) - 1:
                found.append((row, path))
    return found
