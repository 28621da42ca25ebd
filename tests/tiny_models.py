"""Small language models for tests: three (and two more) architectures with tokenizers of their own, made on the fly.

`checkpoint("llama")` is a transformers directory with random weights, `trained_checkpoint("llama")` one whose model has
read the generated world for a few seconds, so that its decisions are not random. Both are made once and only to be
read: copy what a test wants to harm, or build anew with `model`, `tokenizer` and `saved`.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from exposure.pairs import MinimalPair
from exposure.world.paradigms import MOST_PAIRS, make_pairs
from exposure.world.world import World, make_documents

END = "<|endoftext|>"
BEGIN = "<s>"
VOCABULARY = 500
CONTEXT = 64

_SHAPE = {"vocab_size": 512, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
_WIDE = {"intermediate_size": 128, "max_position_embeddings": CONTEXT, "tie_word_embeddings": False}
_GROUPED = {**_SHAPE, **_WIDE, "num_key_value_heads": 2}

SHAPES: dict[str, dict[str, Any]] = {
    "gpt_neox": {**_SHAPE, **_WIDE},
    "llama": _GROUPED,
    "gpt2": {"vocab_size": 512, "n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT},
    "qwen2": _GROUPED,
    "olmo2": _GROUPED,
}
"""transformers' model_type → fields of its configuration. Rows 500 to 511 of the vocabulary have no token; GPT-2 ties
its embeddings, has learnt absolute positions, and drops out in train mode."""

ARCHITECTURES = ("gpt_neox", "llama", "gpt2")
"""The three that everything is held against; "qwen2" and "olmo2" work too."""


def tokenizer(bos: str | None = None, eos: str | None = None, adds_bos: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE of 500 tokens learnt from the generated world; `<s>` is id 0, `<|endoftext|>` id 1.

    `bos` and `eos` name its special tokens (None: it has none); with `adds_bos` it puts `bos` before every text by
    itself, as Llama's does.
    """
    core = Tokenizer.from_str(_tokenizer_json())
    if adds_bos:
        assert bos is not None
        core.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, core.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token=bos, eos_token=eos)


def tokenizer_of(architecture: str) -> PreTrainedTokenizerFast:
    """As its kind has it: begin and end apart for Llama, one token for both elsewhere, no BOS for Qwen2."""
    begin = {"llama": BEGIN, "qwen2": None}.get(architecture, END)
    return tokenizer(begin, END)


@cache
def _tokenizer_json() -> str:
    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.NFC()
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts(), trainer)
    return str(core.to_str())


@cache
def texts() -> tuple[str, ...]:
    """The 400 documents of a generated world."""
    return tuple(document.text for document in make_documents(World(seed=5, documents=400), _world_pairs()))


@cache
def _world_pairs() -> Any:
    return make_pairs(Random("5/pairs"), MOST_PAIRS)


@cache
def pairs() -> tuple[MinimalPair, ...]:
    """240 pairs of the world's six paradigms, and a paradigm `corner_cases` of what is easily got wrong."""
    corners = [
        ("The cats sleep.", "The cats sleep."),
        ("Cats sleep here.", "Dogs sleep here."),
        ("The cats sleep.", "The cats sleeps near the old green harbour."),
        ("The cats near the old green harbour sleep.", "Cats sleep."),
        ("Sleep", "Sleeps"),
        ("The cats sleep.", "The cats sleep. "),
        ("The cats’ café is naïve.", "The cats' cafe is naïve."),
        ("東京タワー is here.", "東京 is here."),
        ("the cat", "the cat is"),
    ]
    made = [MinimalPair("corner_cases", str(i), good, bad) for i, (good, bad) in enumerate(corners)]
    return (*(pair.pair for pair in _world_pairs()), *made)


def model(architecture: str, seed: int = 0, **changes: Any) -> PreTrainedModel:
    """A model with random weights, fp32, in eval mode; `changes` are fields of its configuration.

    Weights have three times the usual spread, so that what a token is and where it stands make a difference.
    """
    special = tokenizer_of(architecture)
    ids = {"bos_token_id": special.bos_token_id, "eos_token_id": special.eos_token_id, "pad_token_id": None}
    config = AutoConfig.for_model(architecture, **{**SHAPES[architecture], **ids, "initializer_range": 0.06, **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    return made.eval()


def briefly_trained(architecture: str, steps: int = 100, seed: int = 0, **changes: Any) -> PreTrainedModel:
    """The same after `steps` steps on the generated world, 16 sequences of 64 tokens each: two seconds or so."""
    learner = model(architecture, seed, **{"initializer_range": 0.02, **changes}).train()
    rows = _rows(tokenizer_of(architecture))  # [row, token]
    optimiser = torch.optim.AdamW(learner.parameters(), lr=3e-3, betas=(0.9, 0.95))
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        for _ in range(steps):
            batch = rows[torch.randint(len(rows), (16,))]  # [sequence, token]
            loss = learner(input_ids=batch, labels=batch).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return learner.eval()


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch computes in one thread: for tiny models that is faster, and much faster on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rows(special: PreTrainedTokenizerFast) -> torch.Tensor:
    """[row, token] The world's documents end to end, each after the token that scores begin with."""
    begin = special.bos_token_id if special.bos_token_id is not None else special.eos_token_id
    ids = [one for text in texts() for one in (begin, *special.encode(text, add_special_tokens=False))]
    return torch.tensor(ids[: len(ids) // CONTEXT * CONTEXT]).view(-1, CONTEXT)


def saved(folder: Path, weights: PreTrainedModel, special: PreTrainedTokenizerFast | None = None) -> Path:
    """A transformers directory: config, safetensors, and the tokenizer unless it is None."""
    weights.save_pretrained(folder)
    if special is not None:
        special.save_pretrained(folder)
    return folder


@cache
def checkpoint(architecture: str, seed: int = 0) -> Path:
    """A directory with random weights; only to be read."""
    return saved(_scratch() / f"{architecture}-{seed}", model(architecture, seed), tokenizer_of(architecture))


@cache
def trained_checkpoint(architecture: str, steps: int = 100, seed: int = 0) -> Path:
    """A directory with a briefly trained model; only to be read."""
    folder = _scratch() / f"{architecture}-{seed}-trained-{steps}"
    return saved(folder, briefly_trained(architecture, steps, seed), tokenizer_of(architecture))


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="exposure-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
