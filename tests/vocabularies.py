"""Tokenizers for tests, made by the tokenizers library itself, and the bytes of their tokens by a second way.

Training is deterministic; the files are small enough to be made anew in every test run.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SPECIAL = ["<|endoftext|>", "<s>", "</s>"]
TRAINING = [
    "The cats can't see the café; these naïve cats don't. The cat sat on the mat, and the cats sat.",
    "“Really?” said Mr. Smith — the tables themselves cost 5€. 東京 東京タワー ภาษาไทย 😀 😀 naïve café.",
    "the the the cat cat cats these tables  two  spaces\nand lines\n\nand paragraphs",
]
REPOSITORY = Path(__file__).parents[1]
GPT_NEOX = REPOSITORY.parent / "shared" / "data" / "tokenizers" / "gpt-neox-20b.json"


@cache
def byte_level(
    normaliser: str | None = "NFC", all_bytes: bool = True, prefix_space: bool = False, size: int = 400
) -> str:
    """A byte-level BPE tokenizer.json; without `all_bytes` it knows only the bytes of plain English and "é"."""
    tokenizer = Tokenizer(models.BPE())
    if normaliser is not None:
        tokenizer.normalizer = getattr(normalizers, normaliser)()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if all_bytes else []
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False, min_frequency=2
    )
    tokenizer.train_from_iterator(TRAINING if all_bytes else ["The cat and the café"] * 3, trainer)
    return str(tokenizer.to_str())


@cache
def sentence_piece(style: str = "normaliser") -> str:
    """A SentencePiece-like BPE with a token for every byte, its spaces marked by ▁.

    `style` "normaliser" marks them in the normaliser, as Llama 2 does; "metaspace" in the pre-tokenizer, as newer
    files do; "unigram" has no byte tokens but <unk>, as T5.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator([TRAINING[0], TRAINING[2]], trainer)
    description = json.loads(tokenizer.to_str())
    model = description["model"]
    pieces = [piece for piece in model["vocab"] if piece != "<unk>"]
    numbers = [f"<0x{byte:02X}>" for byte in range(256)] if style != "unigram" else []
    names = ["<unk>", *SPECIAL, *numbers, *pieces]
    description["added_tokens"] = [_special(name, number) for number, name in enumerate(["<unk>", *SPECIAL])]
    model |= {"vocab": {name: number for number, name in enumerate(names)}, "byte_fallback": bool(numbers)}
    if style == "unigram":
        description["model"] = {"type": "Unigram", "unk_id": 0, "byte_fallback": False}
        description["model"]["vocab"] = [
            [name, -1.0 if number < 4 else -5.0 - 1 / number] for number, name in enumerate(names)
        ]
    description |= _marking(style)
    return json.dumps(description, ensure_ascii=False)


def _special(content: str, number: int) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content, **flags}


def _marking(style: str) -> dict[str, Any]:
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    fallback = {"type": "ByteFallback"}
    if style == "unigram":
        return {"normalizer": {"type": "NFKC"}, "pre_tokenizer": metaspace, "decoder": metaspace}
    if style == "metaspace":
        decoder = {"type": "Sequence", "decoders": [fallback, metaspace]}
        return {"normalizer": {"type": "NFC"}, "pre_tokenizer": metaspace, "decoder": decoder}
    space, mark = {"String": " "}, {"String": "▁"}
    return {
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": space, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": mark, "content": " "},
                fallback,
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
    }


@cache
def word_piece() -> str:
    """A WordPiece tokenizer.json, as BERT has."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(TRAINING, trainer)
    return str(tokenizer.to_str())


def saved(folder: Path, content: str, name: str = "tokenizer.json") -> Path:
    """A tokenizer.json in a folder."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def token_bytes(tokenizer: Tokenizer) -> dict[int, bytes]:
    """Token id → the bytes it stands for, without the project: byte-level or ▁ and <0x..>, special tokens by name."""
    added = {number: token.content.encode() for number, token in tokenizer.get_added_tokens_decoder().items()}
    is_byte_level = "ByteLevel" in repr(tokenizer.decoder)
    plain = {
        number: _bytes_of_characters(token) if is_byte_level else _bytes_of_piece(token)
        for token, number in tokenizer.get_vocab(with_added_tokens=True).items()
        if number not in added
    }
    return plain | added


def _bytes_of_piece(token: str) -> bytes:
    number = re.fullmatch("<0x(..)>", token)
    return bytes.fromhex(number[1]) if number else token.replace("▁", " ").encode()


def _bytes_of_characters(token: str) -> bytes:
    return bytes(alphabet()[character] for character in token)


@cache
def alphabet() -> dict[str, int]:
    """Character → byte, learnt from what the library makes of characters; bytes that UTF-8 never has are left over."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str
    codes = [*range(0x800), *range(0x800, 0xD800, 0x400), *range(0xE000, 0x110000, 0x1000)]
    known: dict[str, int] = {}
    for character in map(chr, codes):
        known |= dict(zip(split(character)[0][0], character.encode(), strict=True))
    never = sorted(set(range(256)) - set(known.values()))
    names = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - set(known))
    return known | dict(zip(names, never, strict=True))
