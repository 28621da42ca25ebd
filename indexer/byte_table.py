"""The bytes that each token of a vocabulary stands for, read from its tokenizer.json.

Byte-level vocabularies (GPT-NeoX, GPT-2, Llama 3) write a character for every byte; those of SentencePiece (Llama 2,
T5) write ▁ for a space and <0x0A> for a byte. Tokens added to either stand for their content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from exposure.errors import TokenizerError

SPACE_MARK = "▁"
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def byte_table(tokenizer: Tokenizer, description: dict[str, Any], path: Path) -> tuple[tuple[bytes, ...], bool]:
    """(bytes of every token by id, whether ▁ marks spaces); an id that no token has stands for nothing.

    `description` is the tokenizer.json. Raises TokenizerError where tokens cannot be read as bytes.
    """
    to_bytes = _reading_of(description, path)
    added = {int(token["id"]): str(token["content"]) for token in description.get("added_tokens", [])}
    vocabulary = {index: token for token, index in tokenizer.get_vocab(with_added_tokens=True).items()}
    if not vocabulary:
        raise TokenizerError(f"{path} has no tokens. Use the tokenizer that the run was trained with.")
    table = [b""] * (max(vocabulary) + 1)
    for index, token in vocabulary.items():
        try:
            table[index] = added[index].encode() if index in added else to_bytes(token)
        except KeyError as error:
            raise TokenizerError(
                f"{path} is byte-level, but its token {token!r} has the character {error}, which stands for no byte. "
                "Use the tokenizer of the run as it was published."
            ) from error
    return tuple(table), to_bytes is _sentence_piece


def _reading_of(description: dict[str, Any], path: Path) -> Callable[[str], bytes]:
    """How the tokens of a tokenizer.json are read as bytes."""
    kinds = _component_types(description.get("decoder")) | _component_types(description.get("pre_tokenizer"))
    if "ByteLevel" in _component_types(description.get("normalizer")):
        raise TokenizerError(
            f"{path} makes bytes of a text in its normaliser, so its normalised text is none that can be searched. "
            "Use a tokenizer that does so in its pre-tokenizer, as GPT-2 and GPT-NeoX do."
        )
    if "ByteLevel" in kinds:
        return _byte_level
    if "Metaspace" in kinds or SPACE_MARK in json.dumps(description.get("decoder"), ensure_ascii=False):
        return _sentence_piece
    raise TokenizerError(
        f"{path} has no byte-level or SentencePiece decoder (found: {', '.join(sorted(kinds)) or 'none'}), so "
        "its tokens cannot be turned back into the text that the model saw. Use the tokenizer of the run, if it "
        "is another."
    )


def _component_types(component: Any) -> set[str]:
    """Every "type" in a component of a tokenizer.json, however deep in sequences."""
    if isinstance(component, list):
        return {kind for one in component for kind in _component_types(one)}
    if not isinstance(component, dict):
        return set()
    own = {component["type"]} if isinstance(component.get("type"), str) else set()
    return own | _component_types(list(component.values()))


def byte_level_alphabet() -> dict[str, int]:
    """Character → byte of byte-level vocabularies: printable Latin-1 stands for itself, the rest from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


_ALPHABET = byte_level_alphabet()


def _byte_level(token: str) -> bytes:
    return bytes(_ALPHABET[character] for character in token)


def _sentence_piece(token: str) -> bytes:
    byte = _BYTE_TOKEN.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE_MARK, " ").encode()
