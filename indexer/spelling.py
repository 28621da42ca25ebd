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
class Spelling:
    """The text of one document by its tokens, and their lengths."""

    text: bytes
    lengths: TokenLengths


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
    changed, unread = _changes(block, tokens, tokenizer)
    for first in range(0, len(unread), ENCODED_AT_ONCE):
        some = unread[first : first + ENCODED_AT_ONCE]
        changed |= zip(some, spellings([block.document(index) for index in some], tokenizer), strict=True)
    return _with_changes(plain, changed) if changed else plain


def spelling_of(text: str, is_rewritten: bool, is_tokenised: bool, tokenizer: TextTokenizer) -> str:
    """The text of one document as it is spelled."""
    normalised = tokenizer.normalise(text)
    if is_rewritten or (not is_tokenised and normalised != text):
        return spellings([text], tokenizer)[0].text.decode()
    return normalised


def spellings(texts: list[str], tokenizer: TextTokenizer) -> list[Spelling]:
    """What the tokens of each text spell; U+FFFD stands for bytes that make no character."""
    return [_spelling(ids, tokenizer) for ids in tokenizer.encode(texts)]


def _spelling(ids: npt.NDArray[np.uint32], tokenizer: TextTokenizer) -> Spelling:
    content = tokenizer.decode(ids)
    text = content.decode("utf-8", "replace").encode()
    return Spelling(text, tokenizer.lengths(ids) if text == content else tokenizer.mended_lengths(ids))


def _may_change(block: DocumentBlock, tokenizer: TextTokenizer) -> npt.NDArray[np.bool_]:
    """Documents that the tokenizer's normaliser may change."""
    normaliser = tokenizer.tokenizer.normalizer
    found = np.full(len(block), normaliser is not None, dtype=np.bool_)
    if isinstance(normaliser, normalizers.NFC):
        mark_unsure(block.text, block.starts, block.ends, *nfc_table(), found)
    return found


def _changes(
    block: DocumentBlock, tokens: TokenBlock, tokenizer: TextTokenizer
) -> tuple[dict[int, Spelling], list[int]]:
    """(new texts by number of those that the normaliser changes, numbers of those that only their tokens tell)."""
    changed: dict[int, Spelling] = {}
    unread = np.flatnonzero(tokens.rewritten).tolist()
    for index in np.flatnonzero(_may_change(block, tokenizer) & ~tokens.rewritten).tolist():
        text = block.document(index)
        normalised = tokenizer.normalise(text)
        if normalised == text:
            continue
        if tokens.tokenised[index]:
            changed[index] = Spelling(normalised.encode(), tokens.document(index))
        else:
            unread.append(index)
    return changed, unread


def _with_changes(plain: SpelledBlock, changed: dict[int, Spelling]) -> SpelledBlock:
    """The block with other texts for some documents, and tokens for those of them that had none, put at its end."""
    numbers = np.array(list(changed), dtype=np.int64)
    texts = [one.text for one in changed.values()]
    ends = plain.ends.copy()
    ends[numbers] = len(plain.text) + np.cumsum([len(text) for text in texts])
    starts = plain.starts.copy()
    starts[numbers] = ends[numbers] - [len(text) for text in texts]
    added = np.frombuffer(b"".join(texts) + bytes(PADDING), dtype=np.uint8)
    spelled = replace(plain, text=np.concatenate([plain.text, added]), starts=starts, ends=ends)
    return _with_tokens(spelled, {index: one for index, one in changed.items() if not plain.tokenised[index]})


def _with_tokens(plain: SpelledBlock, added: dict[int, Spelling]) -> SpelledBlock:
    if not added:
        return plain
    numbers = np.array(list(added), dtype=np.int64)
    counts = [len(one.lengths) for one in added.values()]
    tokenised, first, end = plain.tokenised.copy(), plain.first_token.copy(), plain.end_token.copy()
    tokenised[numbers] = True
    end[numbers] = len(plain.tokens) + np.cumsum(counts)
    first[numbers] = end[numbers] - counts
    lengths = [plain.tokens, *(one.lengths for one in added.values())]
    columns = (np.concatenate([getattr(one, name) for one in lengths]) for name in ("size", "continuing", "lead"))
    return replace(plain, tokens=TokenLengths(*columns), first_token=first, end_token=end, tokenised=tokenised)
