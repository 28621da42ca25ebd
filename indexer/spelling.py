"""Documents as the model's tokens spell them: normalised by the tokenizer, rewritten where its tokens lose something.

Most documents are spelled as they stand, and nothing is done for them. Only those that the normaliser may change, and
those that the census calls rewritten, pass through Python one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from tokenizers import normalizers

from exposure.token_block import TokenBlock, TokenLengths
from indexer.blocks import Bytes, DocumentBlock, Integers
from indexer.compiled.normal_forms import mark_unsure
from indexer.compiled.vectors import PADDING
from indexer.nfc_table import nfc_table
from indexer.tokens import TextTokenizer

ENCODED_AT_ONCE = 64
"""Documents given to the tokenizer together: what it makes of them is many times larger than they are."""


@dataclass(frozen=True)
class SpelledBlock:
    """A block of documents as they are spelled: document k is `text[starts[k]:ends[k]]`.

    Its tokens are [first_token[k], end_token[k]) of the columns of `tokens`; of one that is not `tokenised` none are
    known, and it fits its row whole.
    """

    block: DocumentBlock
    text: Bytes
    starts: Integers
    ends: Integers
    tokens: TokenLengths
    first_token: Integers
    end_token: Integers
    tokenised: npt.NDArray[np.bool_]


def spelled_block(block: DocumentBlock, tokens: TokenBlock, tokenizer: TextTokenizer) -> SpelledBlock:
    """The documents of `block`, whose lengths the census keeps as `tokens`."""
    places = (tokens.offsets[:-1], tokens.offsets[1:])
    plain = SpelledBlock(
        block, block.text, block.starts, block.ends, TokenLengths(*tokens.columns), *places, tokens.tokenised
    )
    changed = _normalised(block, tokens, tokenizer) | _rewritten(block, tokens, tokenizer)
    return _with_changes(plain, changed) if changed else plain


def spelling_of(text: str, is_rewritten: bool, tokenizer: TextTokenizer) -> str:
    """The text of one document as it is spelled; U+FFFD stands for bytes that make no character."""
    return _text_of_tokens([text], tokenizer)[0].decode() if is_rewritten else tokenizer.normalise(text)


def _text_of_tokens(texts: list[str], tokenizer: TextTokenizer) -> list[bytes]:
    return [tokenizer.decode(ids).decode("utf-8", "replace").encode() for ids in tokenizer.encode(texts)]


def _rewritten(block: DocumentBlock, tokens: TokenBlock, tokenizer: TextTokenizer) -> dict[int, bytes]:
    """The texts, by number, of documents that the tokenizer has to be asked for."""
    found: dict[int, bytes] = {}
    rewritten = np.flatnonzero(tokens.rewritten).tolist()
    for first in range(0, len(rewritten), ENCODED_AT_ONCE):
        some = rewritten[first : first + ENCODED_AT_ONCE]
        found |= zip(some, _text_of_tokens([block.document(index) for index in some], tokenizer), strict=True)
    return found


def _normalised(block: DocumentBlock, tokens: TokenBlock, tokenizer: TextTokenizer) -> dict[int, bytes]:
    """The texts, by number, of documents that the normaliser changes; it leaves those alone that are not tokenised."""
    may_change = _may_change(block, tokenizer) & tokens.tokenised & ~tokens.rewritten
    texts = {index: block.document(index) for index in np.flatnonzero(may_change).tolist()}
    normalised = {index: tokenizer.normalise(text) for index, text in texts.items()}
    return {index: text.encode() for index, text in normalised.items() if text != texts[index]}


def _may_change(block: DocumentBlock, tokenizer: TextTokenizer) -> npt.NDArray[np.bool_]:
    """Documents that the tokenizer's normaliser may change."""
    normaliser = tokenizer.tokenizer.normalizer
    found = np.full(len(block), normaliser is not None, dtype=np.bool_)
    if isinstance(normaliser, normalizers.NFC):
        mark_unsure(block.text, block.starts, block.ends, *nfc_table(), found)
    return found


def _with_changes(plain: SpelledBlock, changed: dict[int, bytes]) -> SpelledBlock:
    """The block with other texts for some documents, put at its end."""
    numbers = np.array(list(changed), dtype=np.int64)
    lengths = np.array([len(text) for text in changed.values()], dtype=np.int64)
    starts, ends = plain.starts.copy(), plain.ends.copy()
    ends[numbers] = len(plain.text) + np.cumsum(lengths)
    starts[numbers] = ends[numbers] - lengths
    added = np.frombuffer(b"".join(changed.values()) + bytes(PADDING), dtype=np.uint8)
    return replace(plain, text=np.concatenate([plain.text, added]), starts=starts, ends=ends)
