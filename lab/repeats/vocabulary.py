"""The characters of repeating text, and a tokenizer in which every one of them is a token.

A copy test draws tokens evenly from the whole vocabulary. A token that no text ever shows is one that no model can
copy, and a trained byte-level BPE has many: bytes that are no UTF-8, and pieces of words that never stand alone. A
small vocabulary is learnt sooner, too: every token is seen more often.
"""

from __future__ import annotations

import json
from typing import Any

from exposure.world.bpe import END_OF_TEXT, tokenizer_json
from exposure.world.lexicon import NAMES

ACCENTED = "".join(sorted({letter for name in NAMES for letter in name if not letter.isascii()}))
"""The letters beyond ASCII in the world's names."""

CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + ACCENTED
"""Printable ASCII and ACCENTED: what can be spelt."""

HEX = "0123456789abcdef"
SPACE = "▁"


def repeats_tokenizer() -> str:
    """The whole tokenizer.json: END_OF_TEXT as token 0, then CHARACTERS, spaces marked as SentencePiece marks them.

    A byte-level one would spell accented letters by two bytes, of which the first is the same for all: a token ten
    times as frequent as others, which tells nothing of what follows.
    """
    description: dict[str, Any] = json.loads(tokenizer_json())
    spaces = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "never", "split": False}
    tokens = [END_OF_TEXT, *(SPACE if one == " " else one for one in CHARACTERS)]
    description["model"] |= {"vocab": {token: id_ for id_, token in enumerate(tokens)}, "merges": []}
    return json.dumps({**description, "pre_tokenizer": spaces, "decoder": spaces}, ensure_ascii=False, indent=1)
