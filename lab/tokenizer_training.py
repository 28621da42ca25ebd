"""A byte-level BPE tokenizer of a corpus: small models cannot afford the vocabularies of large ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from exposure.errors import CorpusError, UsageError
from indexer.readers.records import BadLine, Document, Fields
from indexer.readers.text import read_shard

END_OF_DOCUMENT = "<|endoftext|>"
SMALLEST = 257
"""All bytes and END_OF_DOCUMENT."""


def trained_tokenizer(
    shards: Sequence[Path], vocabulary: int, fields: Fields, report: Callable[[int], None] | None = None
) -> str:
    """A tokenizer.json of `vocabulary` tokens: NFC, GPT-2's pre-tokens, every byte a token, END_OF_DOCUMENT its id 0.

    The same corpus gives the same file. `report` is told the bytes that are read. Raises CorpusError where a shard has
    a bad line, UsageError where the vocabulary is too small, or the corpus has no pairs for so large a one.
    """
    if vocabulary < SMALLEST:
        raise UsageError(f"--vocabulary {vocabulary}: every byte and {END_OF_DOCUMENT} need {SMALLEST}. Give more.")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_DOCUMENT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(shards, fields, report), trainer)
    if tokenizer.get_vocab_size() != vocabulary:
        raise UsageError(
            f"The corpus gives {tokenizer.get_vocab_size():,} tokens, --vocabulary asks for {vocabulary:,}. Ask for "
            "fewer, or give more text."
        )
    return str(tokenizer.to_str(pretty=False))


def _texts(shards: Sequence[Path], fields: Fields, report: Callable[[int], None] | None) -> Iterator[str]:
    for path in shards:
        for row in read_shard(path, fields, report):
            if isinstance(row, BadLine):
                raise CorpusError(f"{path}, line {row.line}: {row.reason}. Mend the shard.")
            if isinstance(row, Document):
                yield row.text
