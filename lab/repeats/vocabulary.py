"""The characters of repeating text, and a tokenizer in which every one of them is a token.

A copy test draws tokens evenly from the whole vocabulary. A token that no text ever shows is one that no model can
copy, and a trained byte-level BPE has many: bytes that are no UTF-8, and pieces of words that never stand alone. A
small vocabulary is learnt sooner, too: every token is seen more often.
"""

from __future__ import annotations

import json
from typing import Any

from exposure.world.bpe import END_OF_TEXT, byte_symbols, tokenizer_json
from exposure.world.lexicon import NAMES

ACCENTED = "".join(sorted({letter for name in NAMES for letter in name if not letter.isascii()}))
"""The letters beyond ASCII in the world's names: each is two tokens, for its bytes."""

CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + ACCENTED
"""Printable ASCII and ACCENTED: what can be spelt."""

HEX = "0123456789abcdef"


def repeats_tokenizer() -> str:
    """The whole tokenizer.json: END_OF_TEXT as token 0, then the bytes of CHARACTERS, and no merges."""
    description: dict[str, Any] = json.loads(tokenizer_json())
    symbols = byte_symbols()
    tokens = [END_OF_TEXT, *(symbols[byte] for byte in sorted(set(CHARACTERS.encode())))]
    description["model"] |= {"vocab": {token: id_ for id_, token in enumerate(tokens)}, "merges": []}
    return json.dumps(description, ensure_ascii=False, indent=1)
