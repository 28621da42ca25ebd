"""A tokenizer as exposure needs it: text → tokens, and each token → the bytes it stands for.

Tokenizers report the same character offsets for every token of a split character, so offsets come from the table
token → bytes instead: exact, for byte-level vocabularies (GPT-NeoX, GPT-2, Llama 3) and SentencePiece ones (Llama 2).
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from exposure.census import TokenLengths
from exposure.errors import TokenizerError
from exposure.orders import DataOrder, TokenizerSpec
from indexer.byte_table import SPACE_MARK, byte_table

Ids = npt.NDArray[np.uint32]
REPLACEMENT = "\ufffd".encode()


@dataclass(frozen=True)
class TokenisedText:
    """What a text was tokenised to: `is_rewritten` when that is not its normalised text, `is_broken` when no UTF-8.

    Lengths of a broken one are those of the text with U+FFFD for what makes no character.
    """

    lengths: TokenLengths
    is_rewritten: bool
    is_broken: bool


@dataclass(frozen=True)
class TextTokenizer:
    """A loaded tokenizer: `table[id]` is the bytes of a token; `marks_spaces` when it is of the SentencePiece kind."""

    path: Path
    sha256: str
    tokenizer: Tokenizer
    table: tuple[bytes, ...]
    marks_spaces: bool = False

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
        table, marks_spaces = byte_table(tokenizer, json.loads(content), path)
        return cls(path, hashlib.sha256(content).hexdigest(), tokenizer, table, marks_spaces)

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

    @classmethod
    def of_run(cls, order: DataOrder) -> TextTokenizer | None:
        """The tokenizer of a run, or None where it has none; raises TokenizerError as `of` does."""
        return None if order.tokenizer is None else cls.of(order.tokenizer)

    def normalise(self, text: str) -> str:
        """The tokenizer's own normaliser applied to `text`."""
        normalizer = self.tokenizer.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def normalise_phrase(self, text: str) -> str:
        """A phrase as it would stand in row text: normalised, SentencePiece marks as spaces, none added in front."""
        normalised = self.normalise(text)
        return normalised.replace(SPACE_MARK, " ").strip() if self.marks_spaces else normalised

    def encode(self, texts: list[str]) -> list[Ids]:
        """Token ids of each text, without special tokens."""
        encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(encoding.ids, dtype=np.uint32) for encoding in encodings]

    def decode(self, ids: Ids) -> bytes:
        """The bytes of a sequence of tokens, by the table."""
        return b"".join(map(self.table.__getitem__, ids.tolist()))

    def tokenised(self, texts: list[str]) -> list[TokenisedText]:
        """What each text is tokenised to."""
        return [self._judged(text, ids) for text, ids in zip(texts, self.encode(texts), strict=True)]

    def _judged(self, text: str, ids: Ids) -> TokenisedText:
        content, normalised = self.decode(ids), self.normalise(text).encode()
        if content == normalised:
            return TokenisedText(self.lengths(ids), False, False)
        is_broken = not _is_utf8(content)
        return TokenisedText(self.mended_lengths(ids) if is_broken else self.lengths(ids), True, is_broken)

    @cached_property
    def description(self) -> dict[str, Any]:
        """The tokenizer.json, as the library writes it."""
        return dict(json.loads(self.tokenizer.to_str()))

    def lengths(self, ids: Ids) -> TokenLengths:
        """Bytes, continuing bytes and leading continuing bytes of each token."""
        return TokenLengths(*(column[ids] for column in self._length_columns))

    def mended_lengths(self, ids: Ids) -> TokenLengths:
        """Lengths of tokens whose bytes are not all UTF-8 (the vocabulary lacks some), as they stand in the text.

        U+FFFD stands there for bytes that make no character; it belongs to the token of the first of them.
        """
        pieces = [bytearray() for _ in range(len(ids))]
        owners = np.repeat(np.arange(len(ids)), self.lengths(ids).size).tolist()
        content = self.decode(ids)
        place = 0
        for start, end in _broken_bytes(content):
            _share(pieces, owners[place:start], content[place:start])
            pieces[owners[start]] += REPLACEMENT
            place = end
        _share(pieces, owners[place:], content[place:])
        columns = np.array([_measure(piece) for piece in pieces], dtype=np.uint16).reshape(-1, 3).T
        return TokenLengths(*columns)

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
        if self.table[found] != content.encode():
            text = self.table[found].decode("utf-8", "replace")
            raise TokenizerError(
                f"The token {content!r} of {self.path} stands for the text {text!r}. "
                "Name one of its own special tokens."
            )
        return int(found)


def phrase_normaliser(tokenizer: TextTokenizer | None) -> Callable[[str], str]:
    """What phrases pass through before they are looked for: nothing without a tokenizer."""
    return str if tokenizer is None else tokenizer.normalise_phrase


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _broken_bytes(content: bytes) -> list[tuple[int, int]]:
    """Stretches [start, end) of bytes that make no character: one U+FFFD each when decoded with "replace"."""
    broken: list[tuple[int, int]] = []

    def note(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        broken.append((error.start, error.end))
        return "", error.end

    codecs.register_error("exposure.broken-bytes", note)
    content.decode("utf-8", "exposure.broken-bytes")
    return broken


def _share(pieces: list[bytearray], owners: list[int], content: bytes) -> None:
    """Give each byte to the token that owns it."""
    for owner, byte in zip(owners, content, strict=True):
        pieces[owner].append(byte)


def _measure(token: bytes | bytearray) -> tuple[int, int, int]:
    continuing = [byte & 0xC0 == 0x80 for byte in token]
    lead = continuing.index(False) if False in continuing else len(token)
    return len(token), sum(continuing), lead
