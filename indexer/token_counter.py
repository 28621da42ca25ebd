"""The lengths of all tokens of documents, as the census keeps them: by pieces where that is the same, else whole."""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from exposure.token_block import TokenBlock
from indexer.blocks import Bytes, Integers
from indexer.compiled.normal_forms import mark_unsure
from indexer.merge_table import merge_table
from indexer.nfc_table import nfc_table
from indexer.piece_memo import ALL_TOKENS, PieceMemo
from indexer.pretokens import Pretokens, keeps_every_byte
from indexer.safe_cuts import SafeCuts
from indexer.tokens import TextTokenizer, TokenisedText


def may_leave_out(tokenizer: TextTokenizer) -> bool:
    """Whether documents need not be tokenised that surely fit a row: their tokens then decode to them as they stand."""
    return keeps_every_byte(tokenizer.description)


class TokenCounter:
    """Counts for one thread. With `row_tokens` only what a row of one document with so many tokens needs.

    That is nothing of a document that surely fits, since every token is a byte at least and the normaliser leaves it
    alone, and of any other the first `row_tokens` tokens.
    """

    def __init__(self, tokenizer: TextTokenizer, row_tokens: int | None = None) -> None:
        self._tokenizer = tokenizer
        self._row_tokens = row_tokens
        pretokens = Pretokens.of(tokenizer.description)
        cuts = SafeCuts.of(pretokens)
        self._memo = None
        if pretokens is not None and cuts is not None:
            self._memo = PieceMemo(tokenizer, cuts, *merge_table(tokenizer.description, pretokens))

    def another(self) -> TokenCounter:
        """A counter like this one for another thread; what takes long to make is shared."""
        other = copy(self)
        other._memo = self._memo and self._memo.another()
        return other

    def block(self, text: Bytes, starts: Integers, ends: Integers) -> TokenBlock:
        """The tokens of the documents text[starts[k]:ends[k]]; PADDING bytes lie behind the last.

        The next call may write over the block's columns.
        """
        wanted = np.ones(len(starts), dtype=np.bool_)
        if self._row_tokens is not None:
            wanted = self._exceed(text, starts, ends, self._row_tokens)
        if self._memo is None:
            return _joined(self._tokenised(text, starts, ends, range(len(starts))))
        block, odd = self._memo.block(text, starts, ends, wanted, self._row_tokens or ALL_TOKENS)
        if not odd:
            return block
        parts, place = [], 0
        for index, whole in zip(odd, self._tokenised(text, starts, ends, odd), strict=True):
            parts += [block.part(place, index), _joined([whole], self._row_tokens)]
            place = index + 1
        return TokenBlock.joined([*parts, block.part(place, len(block))])

    def _tokenised(
        self, text: Bytes, starts: Integers, ends: Integers, numbers: list[int] | range
    ) -> list[TokenisedText]:
        return self._tokenizer.tokenised([text[starts[k] : ends[k]].tobytes().decode() for k in numbers])

    def _exceed(self, text: Bytes, starts: Integers, ends: Integers, row_tokens: int) -> npt.NDArray[np.bool_]:
        """Documents that have more bytes than a row has tokens, or are changed by the normaliser."""
        exceed = ends - starts > row_tokens
        unsure = np.zeros(len(starts), dtype=np.bool_)
        if self._tokenizer.tokenizer.normalizer is not None:
            mark_unsure(text, starts, ends, *nfc_table(), unsure)
        for index in np.flatnonzero(unsure & ~exceed).tolist():
            content = text[starts[index] : ends[index]].tobytes().decode()
            exceed[index] = self._tokenizer.normalise(content) != content
        return exceed


def _joined(answers: list[TokenisedText], row_tokens: int | None = None) -> TokenBlock:
    """Documents that were tokenised whole, as a block of the first `row_tokens` tokens of each."""
    first = slice(row_tokens)
    columns = [(one.lengths.size[first], one.lengths.continuing[first], one.lengths.lead[first]) for one in answers]
    none = (np.empty(0, dtype=np.uint16),) * 3
    return TokenBlock.of(
        np.cumsum([0, *(len(size) for size, _, _ in columns)]),
        [np.concatenate(one) for one in zip(none, *columns, strict=True)],
        np.array([one.is_rewritten for one in answers], dtype=np.bool_),
        np.ones(len(answers), dtype=np.bool_),
    )
