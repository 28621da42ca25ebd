"""Pairs of made words, each a token of its own, and models in whose states or attention something is planted.

`ConceptPlant`: a Llama whose blocks do nothing, so that a word's state is its embedding: noise in a known number of
dimensions, and a known direction. `attending`: a GPT-2 of which one head is built by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from tiny_models import saved
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel
from transformers import PreTrainedTokenizerFast as Fast

from exposure.pairs import MinimalPair

BEGIN = "<s>"
FILLERS = tuple(f"f{number}" for number in range(12))

Matrix = npt.NDArray[np.float64]


def vocabulary_of(pairs: Iterable[MinimalPair]) -> tuple[str, ...]:
    """<s> is 0; then all words, sorted."""
    sentences = [text for pair in pairs for text in (pair.sentence_good, pair.sentence_bad)]
    return (BEGIN, *sorted({word for text in sentences for word in text.split()}))


def word_tokenizer(vocabulary: Sequence[str]) -> Fast:
    """A token for every word between spaces."""
    core = Tokenizer(models.WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token=BEGIN))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return Fast(tokenizer_object=core, bos_token=BEGIN, eos_token=BEGIN)


def named_pair(
    uid: str, number: int, context: str, good: str, bad: str, before: int = 2, between: int = 1
) -> MinimalPair:
    """Fillers, the context word, fillers, and one critical word or the other, then "." ."""
    spread = [FILLERS[(number + place) % len(FILLERS)] for place in range(before + between)]
    beginning = " ".join([*spread[:before], context, *spread[before:]])
    return MinimalPair(
        uid,
        str(number),
        f"{beginning} {good} .",
        f"{beginning} {bad} .",
        phrase_good=f"{beginning} {good}",
        phrase_bad=f"{beginning} {bad}",
        critical_word_good=good,
        critical_word_bad=bad,
        context_word=context,
    )


def write_pairs(path: Path, pairs: Iterable[MinimalPair]) -> Path:
    """As a file of pairs that names its phrases."""
    names = (
        "uid", "pair_id", "sentence_good", "sentence_bad", "phrase_good", "phrase_bad",
        "critical_word_good", "critical_word_bad", "context_word",
    )  # fmt: skip
    rows = ({name: getattr(pair, name) for name in names if getattr(pair, name) is not None} for pair in pairs)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_corpus(path: Path, pairs: Iterable[MinimalPair]) -> Path:
    """A document for the good sentence of each of these pairs, and one that says nothing."""
    texts = [*(pair.sentence_good for pair in pairs), "nothing"]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


@dataclass(frozen=True)
class ConceptPlant:
    """Words of `pairs` have noise in the first `dimensions` of `width` dimensions, and ±`strength` along the next."""

    pairs: tuple[MinimalPair, ...]
    strength: float
    by: Literal["side", "form"] = "side"
    """Whether a critical word's sign is that of the side of its pair, or its ending: "en" or not."""
    dimensions: int = 8
    width: int = 32

    @property
    def embeddings(self) -> Matrix:
        """[token, width]."""
        vocabulary = vocabulary_of(self.pairs)
        found = np.zeros((len(vocabulary), self.width))
        noise = np.random.default_rng(11).standard_normal((len(vocabulary), self.dimensions))
        found[:, : self.dimensions] = noise
        good = {pair.critical_word_good for pair in self.pairs}
        bad = {pair.critical_word_bad for pair in self.pairs}
        for token, word in enumerate(vocabulary):
            if word in good | bad:
                is_up = word in good if self.by == "side" else word.endswith("en")
                found[token, self.dimensions] = self.strength * (1 if is_up else -1)
        return found

    def save(self, folder: Path) -> Path:
        """A checkpoint whose state of a token is its embedding, in every layer."""
        vocabulary = vocabulary_of(self.pairs)
        config = LlamaConfig(
            vocab_size=len(vocabulary), hidden_size=self.width, intermediate_size=8, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=32, bos_token_id=0, eos_token_id=0,
            pad_token_id=None, tie_word_embeddings=False,
        )  # fmt: skip
        model = LlamaForCausalLM(config).eval()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                weight.fill_(1.0 if "norm" in name else 0.0)
            model.get_input_embeddings().weight.copy_(torch.from_numpy(self.embeddings))
        return saved(folder, model, word_tokenizer(vocabulary))


N_LAYERS, N_HEADS, D_HEAD, N_PLACES = 2, 4, 20, 16
HEAD = (1, 2)
"""The layer and head that is built."""

KINDS = 6
"""Dimensions for what kind a word is; those of places follow."""

Looks = Literal["nowhere", "at context", "at itself", "two back"]


def attending(
    pairs: Sequence[MinimalPair], looks: Looks, strength: float = 40.0, n_heads: int = N_HEADS
) -> PreTrainedModel:
    """A GPT-2 of which HEAD looks somewhere and all other heads look everywhere alike; its blocks add nothing.

    "at context": by content, from critical words to context words, wherever they stand. "at itself" and "two back": by
    place alone, whatever stands there.
    """
    vocabulary = vocabulary_of(pairs)
    config = GPT2Config(
        vocab_size=len(vocabulary), n_embd=n_heads * D_HEAD, n_layer=N_LAYERS, n_head=n_heads, n_positions=N_PLACES,
        bos_token_id=0, eos_token_id=0, pad_token_id=None,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if "ln_" in name and name.endswith("weight") else 0.0)
        is_placed = looks in ("at itself", "two back")
        model.transformer.wte.weight.copy_(torch.from_numpy(_kinds(pairs, vocabulary, n_heads * D_HEAD)))
        if is_placed:
            model.transformer.wpe.weight[:, KINDS : KINDS + N_PLACES] = 8 * torch.eye(N_PLACES)
        _set_head(model, looks, strength)
    return model


def _kinds(pairs: Sequence[MinimalPair], vocabulary: Sequence[str], width: int) -> Matrix:
    """[token, width] A word is critical, a context word, or another; none has a mean, all have one length."""
    critical = {word for pair in pairs for word in (pair.critical_word_good, pair.critical_word_bad)}
    context = {pair.context_word for pair in pairs}
    found = np.zeros((len(vocabulary), width))
    for token, word in enumerate(vocabulary):
        kind = 0 if word in critical else 2 if word in context else 4
        found[token, kind], found[token, kind + 1] = 1, -1
    return found


def _set_head(model: PreTrainedModel, looks: Looks, strength: float) -> None:
    """Queries and keys of HEAD; queries come first in c_attn, and each head has D_HEAD columns in its turn."""
    layer, head = HEAD
    weight = model.transformer.h[layer].attn.c_attn.weight  # [width, queries, keys and values]
    width = len(weight)
    query, key = head * D_HEAD, width + head * D_HEAD
    if looks == "at context":
        weight[0, query] = weight[2, key] = strength**0.5
    for place in range(N_PLACES if looks in ("at itself", "two back") else 0):
        weight[KINDS + place, query + place] = strength**0.5
        read_from = place + (2 if looks == "two back" else 0)
        if read_from < N_PLACES:
            weight[KINDS + place, key + read_from] = strength**0.5


def save_attending(folder: Path, pairs: Sequence[MinimalPair], looks: Looks) -> Path:
    """A checkpoint."""
    return saved(folder, attending(pairs, looks), word_tokenizer(vocabulary_of(pairs)))
