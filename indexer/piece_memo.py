"""The lengths of the tokens of texts, by pieces: each piece is tokenised when it is first met, and remembered.

Texts are cut at safe places (safe_cuts.py), so the tokens of the pieces are the tokens of the text. What is remembered
is bounded, and forgotten when it is full; what is found does not depend on it.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from exposure.token_block import TokenBlock
from indexer.blocks import Bytes, Integers
from indexer.compiled.merges import Merges
from indexer.compiled.piece_cuts import FULL_WINDOW, STRIDE, Cutting
from indexer.compiled.piece_lengths import copy_lengths, count_tokens
from indexer.compiled.piece_table import (
    BROKEN,
    NEEDED_TOKENS,
    REWRITTEN,
    SLOT,
    UNEVEN,
    Keys,
    Lengths,
    has_room,
    note_answers,
)
from indexer.compiled.pieces import Scratch, look_up
from indexer.merge_table import with_own_scratch
from indexer.safe_cuts import KINDS, SafeCuts, is_visible, kinds
from indexer.tokens import TextTokenizer, TokenisedText

KEPT_PIECES = 1 << 19
KEPT_BYTES = 1 << 23
KEPT_TOKENS = 1 << 21
SLOT_BITS = 20
FOUND_AT_ONCE = 1 << 18
"""Pieces that are looked up before the tokenizer is asked about the new ones, and lengths are copied."""
ASKED_AT_ONCE = 1 << 12
HELD_TOKENS = 1 << 19
ALL_TOKENS = 2**62
"""Tokens of a row that no document fills."""

Columns = tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16], npt.NDArray[np.uint16]]


class PieceMemo:
    """Not for two threads at once: each has its own."""

    def __init__(self, tokenizer: TextTokenizer, cuts: SafeCuts, merges: Merges, merged: npt.NDArray[np.uint8]) -> None:
        self._tokenizer = tokenizer
        table = np.zeros((KINDS, STRIDE), dtype=np.uint8)
        table[:, :KINDS] = cuts.table
        visible = np.array([is_visible(kind) for kind in range(KINDS)], dtype=np.uint8)
        self._cutting = Cutting(table.reshape(-1), kinds(), visible, merged)
        self._merges = merges
        self._begin()

    def another(self) -> PieceMemo:
        """One that remembers nothing yet, for another thread."""
        other = copy(self)
        other._merges = with_own_scratch(self._merges)
        other._begin()
        return other

    def _begin(self) -> None:
        """Remember nothing yet."""
        self._found = np.empty(FOUND_AT_ONCE, dtype=np.uint64)
        self._scratch = _scratch()
        size, continuing, lead = (np.zeros(HELD_TOKENS, dtype=np.uint16) for _ in range(3))
        self._held = size, continuing, lead  # new memory costs as much as all that is done with it
        self._asked = np.empty((ASKED_AT_ONCE, 3), dtype=np.int64)
        self._lengths = _lengths(KEPT_PIECES, KEPT_TOKENS + NEEDED_TOKENS * ASKED_AT_ONCE)
        self._keys = Keys(
            slots=np.zeros(SLOT << SLOT_BITS, dtype=np.uint64),
            shift=np.uint64(64 - SLOT_BITS),
            slot_of=np.empty(KEPT_PIECES, dtype=np.int64),
            start=np.empty(KEPT_PIECES, dtype=np.int64),
            content=np.empty(KEPT_BYTES, dtype=np.uint8),
            used=np.zeros(3, dtype=np.int64),
        )

    def block(
        self, text: Bytes, starts: Integers, ends: Integers, wanted: npt.NDArray[np.bool_], row_tokens: int = ALL_TOKENS
    ) -> tuple[TokenBlock, list[int]]:
        """(the tokens of the documents text[starts[k]:ends[k]], numbers of those that must be tokenised whole instead).

        Of a document that is `wanted` there are the first `row_tokens`; of any other none, and it is not tokenised.
        Behind the last document there are PADDING bytes. The block's columns are those of this object: the next call
        writes over them.
        """
        counts, flags = np.zeros(len(starts), dtype=np.int64), np.zeros(len(starts), dtype=np.uint8)
        columns = self._fill(text, starts, ends, wanted, row_tokens, counts, flags)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        block = TokenBlock.of(offsets, [one[: offsets[-1]] for one in columns], (flags & REWRITTEN) > 0, wanted.copy())
        return block, np.flatnonzero(flags & BROKEN).tolist()

    def _fill(
        self,
        text: Bytes,
        starts: Integers,
        ends: Integers,
        wanted: npt.NDArray[np.bool_],
        row_tokens: int,
        counts: Integers,
        flags: npt.NDArray[np.uint8],
    ) -> Columns:
        """The columns of lengths, maybe longer than they are used; fills `counts` and `flags` of the documents."""
        columns, used = self._held, 0
        for zeros in columns[1:]:
            zeros[:] = 0
        place = np.array([0, -1, 0, 0, 0, 0], dtype=np.int64)
        last = np.empty(len(starts), dtype=np.int64)
        while place[0] < len(starts):
            document = int(place[0])
            pieces, asking = look_up(
                text, starts, ends, wanted, place, row_tokens, self._keys, self._lengths, self._cutting, self._merges,
                self._scratch, self._found, last, self._asked,
            )  # fmt: skip
            odd = self._ask(text, self._asked[:asking])
            columns = _with_room(columns, used, count_tokens(self._found, pieces, self._lengths, odd))
            used = copy_lengths(
                self._found, pieces, last, document, row_tokens, self._lengths, odd, counts, flags, used, *columns
            )
            if place[0] < len(starts) and not has_room(self._keys, self._lengths, self._asked):
                self._forget()
        return columns

    def _ask(self, text: Bytes, asked: Integers) -> Lengths:
        """Learn the pieces that the tokenizer is asked about; returns those that are too long to be kept, by row."""
        answers = self._tokenizer.tokenised([text[start:end].tobytes().decode() for _, start, end in asked.tolist()])
        is_kept = asked[:, 0] >= 0
        kept = [answer for answer, is_one in zip(answers, is_kept.tolist(), strict=True) if is_one]
        pieces = asked[is_kept, 0]
        self._keys.used[2] = _enter(self._lengths, pieces, int(self._keys.used[2]), kept)
        note_answers(pieces, self._keys, self._lengths)
        odd = _lengths(len(asked), sum(len(one.lengths) for one in answers) if len(kept) < len(answers) else 0)
        if len(kept) < len(answers):
            _enter(odd, np.arange(len(asked)), 0, answers)
        return odd

    def _forget(self) -> None:
        self._keys.slots[:] = 0
        self._keys.used[:] = 0


def _with_room(columns: Columns, used: int, tokens: int) -> Columns:
    """Columns with room for so many tokens behind those that are used; continuing and lead are zero there."""
    if used + tokens <= len(columns[0]):
        return columns
    size, continuing, lead = (np.zeros(2 * (used + tokens), dtype=np.uint16) for _ in range(3))
    for new, old in zip((size, continuing, lead), columns, strict=True):
        new[:used] = old[:used]
    return size, continuing, lead


def _scratch() -> Scratch:
    return Scratch(
        start=np.empty(FULL_WINDOW, dtype=np.int64),
        end=np.empty(FULL_WINDOW, dtype=np.int64),
        first_word=np.empty(FULL_WINDOW, dtype=np.uint64),
        next_word=np.empty(FULL_WINDOW, dtype=np.uint64),
        slot=np.empty(FULL_WINDOW, dtype=np.uint64),
        low_bytes=np.array([2 ** (8 * min(length, 8)) - 1 for length in range(17)], dtype=np.uint64),
        high_bytes=np.array([2 ** (8 * max(length - 8, 0)) - 1 for length in range(17)], dtype=np.uint64),
    )


def _lengths(pieces: int, tokens: int) -> Lengths:
    return Lengths(
        first=np.zeros(pieces, dtype=np.int64),
        tokens=np.zeros(pieces, dtype=np.int64),
        flags=np.zeros(pieces, dtype=np.uint8),
        size=np.empty(tokens, dtype=np.uint16),
        continuing=np.empty(tokens, dtype=np.uint16),
        lead=np.empty(tokens, dtype=np.uint16),
    )


def _enter(lengths: Lengths, pieces: Integers, token: int, answers: list[TokenisedText]) -> int:
    """Write what pieces were tokenised to from place `token` on; returns the next free one."""
    if not answers:
        return token
    counts = np.array([len(one.lengths) for one in answers], dtype=np.int64)
    end = token + int(counts.sum())
    lengths.first[pieces] = token + np.cumsum(counts) - counts
    lengths.tokens[pieces] = counts
    lengths.flags[pieces] = [_flags(one) for one in answers]
    np.concatenate([one.lengths.size for one in answers], out=lengths.size[token:end])
    np.concatenate([one.lengths.continuing for one in answers], out=lengths.continuing[token:end])
    np.concatenate([one.lengths.lead for one in answers], out=lengths.lead[token:end])
    return end


def _flags(answer: TokenisedText) -> int:
    uneven = UNEVEN * bool(answer.lengths.continuing.any())
    return REWRITTEN * answer.is_rewritten + BROKEN * answer.is_broken + uneven
