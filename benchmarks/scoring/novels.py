"""Text and tokenizers for the models that are trained here: the novels through the indexer's readers, as ids."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from benchmarks.sources import DATA
from indexer.readers.text import Document, Fields, read_shard

GPT_NEOX = DATA / "tokenizers" / "gpt-neox-20b.json"
END = "<|endoftext|>"
BEGIN = "<s>"


def novels(shards: int) -> Iterator[str]:
    """The texts of the first shards, as they stand."""
    for path in sorted((DATA / "novels").glob("*.jsonl.zst"))[:shards]:
        yield from (row.text for row in read_shard(path, Fields()) if isinstance(row, Document))


def gpt_neox_tokenizer() -> PreTrainedTokenizerFast:
    """That of GPT-NeoX-20B and Pythia, from the file."""
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(GPT_NEOX)), bos_token=END, eos_token=END)


def own_tokenizer(size: int, bos: str) -> PreTrainedTokenizerFast:
    """A byte-level BPE of `size` tokens learnt from one shard; `bos` is its BEGIN or its END."""
    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.NFC()
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(novels(1), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token=bos, eos_token=END)


def rows(tokenizer: PreTrainedTokenizerFast, length: int, shards: int = 1) -> torch.Tensor:
    """[row, token] Documents end to end, each after the BOS, cut into rows of `length`."""
    texts = list(novels(shards))
    ids = [
        one for text in tokenizer(texts, add_special_tokens=False).input_ids for one in (tokenizer.bos_token_id, *text)
    ]
    return torch.tensor(ids[: len(ids) // length * length]).view(-1, length)
