"""The words and characters of repeating text, and a tokenizer in which every one of them is one token.

A copy test draws tokens evenly from the whole vocabulary. A token that no text ever shows is one that no model can
copy, and a byte-level BPE has many: bytes that are no UTF-8, and pieces of words that never stand alone. So this one
has no merges: words of the world's lexicon are tokens as they are, anything else is spelt in characters.
"""

from __future__ import annotations

import json
from typing import Any

from exposure.world.bpe import END_OF_TEXT, byte_symbols, tokenizer_json, training_words
from exposure.world.lexicon import NAMES

ACCENTED = "".join(sorted({letter for name in NAMES for letter in name if not letter.isascii()}))
"""The letters beyond ASCII in names of the lexicon."""

CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + ACCENTED
"""Printable ASCII, the space first, and ACCENTED: what can be spelt."""

HEX = "0123456789abcdef"
SEPARATE = "".join(one for one in CHARACTERS if not one.isalpha() and one not in " '")
"""Digits and marks: characters that make no word with what stands before them."""


def words() -> tuple[str, ...]:
    """The words that are one token with the space before them, without it, in order of their code points."""
    return tuple(sorted(piece[1:] for piece in training_words() if piece.startswith(" ")))


def repeats_tokenizer() -> str:
    """The whole tokenizer.json: END_OF_TEXT as token 0, then the bytes of CHARACTERS, then " word" for each word."""
    description: dict[str, Any] = json.loads(tokenizer_json())
    tokens = [END_OF_TEXT, *_bytes_of(CHARACTERS), *map(_as_bytes, (f" {word}" for word in words())), _as_bytes("'t")]
    vocabulary = {token: id_ for id_, token in enumerate(dict.fromkeys(tokens))}
    # Without merges a word is found only as a whole: `ignore_merges` looks for that first.
    description["model"] |= {"vocab": vocabulary, "merges": [], "ignore_merges": True}
    return json.dumps(description, ensure_ascii=False, indent=1)


def _bytes_of(characters: str) -> list[str]:
    symbols = byte_symbols()
    return [symbols[byte] for byte in sorted(set(characters.encode()))]


def _as_bytes(text: str) -> str:
    """`text` with GPT-2's character for each byte."""
    symbols = byte_symbols()
    return "".join(symbols[byte] for byte in text.encode())
