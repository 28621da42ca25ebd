"""The checkpoints that scores are compared and timed on: made in a work folder, kept there for the next time."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from benchmarks.scoring.novels import BEGIN, END, gpt_neox_tokenizer, own_tokenizer, rows

LENGTH = 128
BATCH_ROWS = 16


@dataclass(frozen=True)
class Recipe:
    """A model by transformers' model_type, its shape, and for how many steps of 16 × 128 tokens it reads novels."""

    model_type: str
    tokenizer: Callable[[], PreTrainedTokenizerFast]
    steps: int
    shape: dict[str, Any] = field(default_factory=dict)
    learning_rate: float = 2e-3


def _begins() -> PreTrainedTokenizerFast:
    return own_tokenizer(8000, BEGIN)


def _ends() -> PreTrainedTokenizerFast:
    return own_tokenizer(8000, END)


def _of_exp() -> PreTrainedTokenizerFast:
    return own_tokenizer(32_000, BEGIN)


def _llama(layers: int, heads: int, width: int, mlp: int, vocabulary: int, context: int = 256) -> dict[str, Any]:
    return {
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "hidden_size": width,
        "intermediate_size": mlp,
        "vocab_size": vocabulary,
        "max_position_embeddings": context,
        "tie_word_embeddings": False,
    }


RECIPES = {
    "tiny-neox": Recipe("gpt_neox", gpt_neox_tokenizer, 120, _llama(2, 4, 64, 256, 50_304)),
    "tiny-llama-gqa": Recipe("llama", _begins, 500, {**_llama(4, 8, 128, 344, 8064), "num_key_value_heads": 2}),
    "tiny-gpt2": Recipe(
        "gpt2", _ends, 500, {"n_layer": 4, "n_head": 4, "n_embd": 128, "n_positions": 256, "vocab_size": 8064}
    ),
    "exp-35m": Recipe("llama", _of_exp, 0, _llama(6, 8, 384, 1024, 32_000)),
    "exp-60m": Recipe("llama", gpt_neox_tokenizer, 0, _llama(8, 8, 512, 1376, 50_304)),
    "exp-35m-1k": Recipe("llama", _of_exp, 0, _llama(6, 8, 384, 1024, 32_000, context=1024)),
    "copy-162m": Recipe("llama", _of_exp, 0, _llama(12, 12, 768, 3072, 32_000, context=1024)),
}
"""The tiny ones are trained for a few minutes each; those in EXP's and COPY's shapes are as they were initialised: for
speed and memory. EXP's with a context of 1024 is long enough for all measures."""

TINY = ("tiny-neox", "tiny-llama-gqa", "tiny-gpt2")


def checkpoint(name: str, work: Path) -> Path:
    """The transformers directory of a recipe, made when it is not there yet."""
    folder = work / "models" / name
    if not folder.is_dir():
        partial = folder.with_name(f"{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        _make(RECIPES[name], name, partial)
        partial.rename(folder)
    return folder


def _make(recipe: Recipe, name: str, folder: Path) -> None:
    tokenizer = recipe.tokenizer()
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": None}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(recipe.model_type, **recipe.shape, **ids), dtype=torch.float32
    )
    if recipe.steps:
        _train(model, rows(tokenizer, LENGTH), recipe, name)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _train(model: PreTrainedModel, text: torch.Tensor, recipe: Recipe, name: str) -> None:
    """Plain AdamW; `text` is [row, token]."""
    started = time.perf_counter()
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.95))
    model.train()
    for step in range(recipe.steps):
        batch = text[torch.randint(len(text), (BATCH_ROWS,))]  # [sequence, token]
        loss = model(input_ids=batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0 or step == recipe.steps - 1:
            took = time.perf_counter() - started
            print(f"{name}: step {step}, loss {loss.item():.3f}, {took:.0f} s", file=sys.stderr, flush=True)
    model.eval()
