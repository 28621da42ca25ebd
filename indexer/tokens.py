"""A tokenizer as exposure needs it: text → tokens, and each token → the bytes it stands for.

Tokenizers report the same character offsets for every token of a split character, so offsets come from the table
token → bytes instead: exact, for byte-level vocabularies (GPT-NeoX, GPT-2, Llama 3) and SentencePiece ones (Llama 2).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from exposure.census import TokenLengths
from exposure.errors import TokenizerError
from exposure.orders import TokenizerSpec

Ids = npt.NDArray[np.uint32]
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
SPACE_MARK = "▁"


@dataclass(frozen=True)
class TextTokenizer:
    """A loaded tokenizer: `table[id]` is the bytes of a token."""

    path: Path
    sha256: str
    tokenizer: Tokenizer
    table: tuple[bytes, ...]

    @classmethod
    def load(cls, path: Path) -> TextTokenizer:
        """Read a tokenizer.json; raises TokenizerError where it is none, or has no token → bytes table."""
        try:
            content = path.read_bytes()
            tokenizer = Tokenizer.from_str(content.decode("utf-8"))
        except OSError as error:
            raise TokenizerError(
                f"The tokenizer file {path} cannot be read: {error.strerror}. Check the path."
            ) from error
        except Exception as error:  # tokenizers raises bare Exception
            raise TokenizerError(
                f"{path} is not a tokenizer file of the tokenizers library ({error}). Expected a tokenizer.json."
            ) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(path, hashlib.sha256(content).hexdigest(), tokenizer, _byte_table(tokenizer, content, path))

    @classmethod
    def of(cls, spec: TokenizerSpec) -> TextTokenizer:
        """The tokenizer of a manifest; raises TokenizerError when the file is not the one that was digested."""
        loaded = cls.load(Path(spec.path))
        if loaded.sha256 != spec.sha256:
            raise TokenizerError(
                f"The tokenizer {spec.path} has sha256 {loaded.sha256[:12]}…, the manifest says {spec.sha256[:12]}…. "
                "Put the original file back, or make the manifest again with `exposure run init`."
            )
        return loaded

    def normalise(self, text: str) -> str:
        """The tokenizer's own normaliser applied to `text`."""
        normalizer = self.tokenizer.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def normalise_phrase(self, text: str) -> str:
        """A phrase as it would stand in row text: normalised, SentencePiece marks as spaces, none added in front."""
        normalised = self.normalise(text)
        return normalised.replace(SPACE_MARK, " ").strip() if SPACE_MARK not in text else normalised

    def encode(self, texts: list[str]) -> list[Ids]:
        """Token ids of each text, without special tokens."""
        encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(encoding.ids, dtype=np.uint32) for encoding in encodings]

    def decode(self, ids: Ids) -> bytes:
        """The bytes of a sequence of tokens, by the table."""
        return b"".join(map(self.table.__getitem__, ids.tolist()))

    def lengths(self, ids: Ids) -> TokenLengths:
        """Bytes, continuing bytes and leading continuing bytes of each token."""
        return TokenLengths(*(column[ids] for column in self._length_columns))

    @cached_property
    def _length_columns(self) -> tuple[npt.NDArray[np.uint16], ...]:
        return tuple(np.array(column, dtype=np.uint16) for column in zip(*map(_measure, self.table), strict=True))

    def special_id(self, content: str) -> int:
        """The id of a special token by its content; raises TokenizerError where the vocabulary has none."""
        found = self.tokenizer.token_to_id(content)
        if found is None:
            raise TokenizerError(
                f"The tokenizer {self.path} has no token {content!r}. Name one of its own special tokens."
            )
        return int(found)


def _measure(token: bytes) -> tuple[int, int, int]:
    continuing = [byte & 0xC0 == 0x80 for byte in token]
    lead = continuing.index(False) if False in continuing else len(token)
    return len(token), sum(continuing), lead


def _byte_table(tokenizer: Tokenizer, content: bytes, path: Path) -> tuple[bytes, ...]:
    description: dict[str, Any] = json.loads(content)
    kinds = _component_types(description.get("decoder")) | _component_types(description.get("pre_tokenizer"))
    added = {int(token["id"]): str(token["content"]) for token in description.get("added_tokens", [])}
    if "ByteLevel" in kinds:
        to_bytes = _byte_level
    elif "Metaspace" in kinds or SPACE_MARK in json.dumps(description.get("decoder"), ensure_ascii=False):
        to_bytes = _sentence_piece
    else:
        raise TokenizerError(
            f"{path} has no byte-level or SentencePiece decoder (found: {', '.join(sorted(kinds)) or 'none'}), so "
            "its tokens cannot be turned back into the text that the model saw. Use the tokenizer of the run, if it "
            "is another."
        )
    vocabulary = {index: token for token, index in tokenizer.get_vocab(with_added_tokens=True).items()}
    return tuple(
        added[index].encode() if index in added else to_bytes(vocabulary.get(index, ""))
        for index in range(max(vocabulary) + 1)
    )


def _component_types(component: Any) -> set[str]:
    """Every "type" in a component of a tokenizer.json, however deep in sequences."""
    if isinstance(component, list):
        return {kind for one in component for kind in _component_types(one)}
    if not isinstance(component, dict):
        return set()
    own = {component["type"]} if isinstance(component.get("type"), str) else set()
    return own | _component_types(list(component.values()))


def _byte_level_alphabet() -> dict[str, int]:
    """Character → byte of byte-level vocabularies: printable Latin-1 stands for itself, the rest from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


_ALPHABET = _byte_level_alphabet()


def _byte_level(token: str) -> bytes:
    return bytes(_ALPHABET[character] for character in token)


def _sentence_piece(token: str) -> bytes:
    byte = _BYTE_TOKEN.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE_MARK, " ").encode()
