"""Tokenizers of every kind whose texts may be cut, and of kinds whose texts may not, for tests of counting."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import vocabularies
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CL100K = "|".join(
    [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
QWEN = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")


@cache
def split_by(pattern: str, normaliser: bool = True) -> str:
    """A byte-level tokenizer.json behind a pattern of its own, as Llama 3 has."""
    tokenizer = Tokenizer(models.BPE())
    if normaliser:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=vocabularies.SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*vocabularies.TRAINING, "it's 12345 I'll\n\n!!\n(x) ... 2024"], trainer)
    return str(tokenizer.to_str())


@cache
def with_added(*contents: str, **flags: bool) -> str:
    """A byte-level tokenizer.json with more added tokens."""
    tokenizer = Tokenizer.from_str(vocabularies.byte_level())
    tokenizer.add_tokens([AddedToken(content, normalized=True, **flags) for content in contents[::2]])
    tokenizer.add_special_tokens([AddedToken(content, normalized=False, **flags) for content in contents[1::2]])
    return str(tokenizer.to_str())


def edited(content: str, **model: Any) -> str:
    """A tokenizer.json with changes to its model."""
    description = json.loads(content)
    description["model"] |= model
    return json.dumps(description)


ADDED = ("t.", "e c", "a1", "  ", "\n\n", "!T", "the", "''", "é", "cats can", " sat", "can't", ".\u201d")
CUT = {
    "GPT-2": vocabularies.byte_level(None),
    "GPT-2, NFC": vocabularies.byte_level(),
    "GPT-2, prefix space": vocabularies.byte_level(prefix_space=True),
    "GPT-2, few bytes": vocabularies.byte_level(None, all_bytes=False),
    "cl100k": split_by(CL100K),
    "Qwen": split_by(QWEN, normaliser=False),
    **{f"added {content!r}": with_added("zz", content) for content in ADDED},
    "added, normalised": with_added(*ADDED[:4]),
    "whole words first": edited(vocabularies.byte_level(), ignore_merges=True),
}
WHOLE = {
    "NFKC": vocabularies.byte_level("NFKC"),
    "SentencePiece": vocabularies.sentence_piece(),
    "SentencePiece, metaspace": vocabularies.sentence_piece("metaspace"),
    "unigram": vocabularies.sentence_piece("unigram"),
    "lstrip": with_added("<mask>", "<x>", lstrip=True),
    "rstrip": with_added("<mask>", "<x>", rstrip=True),
    "single word": with_added("cat", "<x>", single_word=True),
    "another pattern": split_by(r"\p{L}+|\s+|[^\p{L}\s]+"),
}
