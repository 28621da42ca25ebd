"""Lengths of tokens: of one document, or of many in flat columns, and how they lie in a tokens sidecar.

A sidecar holds a document's numbers as bytes: one a token, two (little-endian) where one of them is above 255, none
where all of them are zero. So a scan reads them as fast as they decompress.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Lengths = npt.NDArray[np.uint16]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LENGTH_COLUMNS = ("token_bytes", "token_continuing", "token_lead")
_BYTES = pa.large_binary()
TOKENS_SCHEMA = pa.schema(
    [
        ("tokens", pa.int64()),
        ("rewritten", pa.bool_()),
        *((name, _BYTES) for name in LENGTH_COLUMNS),
    ]
)


@dataclass(frozen=True)
class TokenLengths:
    """Lengths of the tokens of one document, in order.

    `size` is bytes; `continuing` those of them that continue a character (almost always none); `lead` those of the
    continuing ones that stand at the token's start, their character having begun in a token before.
    """

    size: Lengths
    continuing: Lengths
    lead: Lengths

    @property
    def characters(self) -> Integers:
        """Characters that begin in each token."""
        return self.size.astype(np.int64) - self.continuing

    def __len__(self) -> int:
        return len(self.size)


@dataclass(frozen=True)
class TokenBlock:
    """Tokens of documents that follow one another: those of document k are [offsets[k], offsets[k + 1]) of the columns.

    `size`, `continuing` and `lead` are as in TokenLengths. `rewritten`: the document's tokens do not decode to its
    normalised text. `tokenised` is False where no tokens are known because the document surely fits its row whole.
    """

    offsets: Integers
    size: Lengths
    continuing: Lengths
    lead: Lengths
    rewritten: Flags
    tokenised: Flags

    def __len__(self) -> int:
        return len(self.rewritten)

    def document(self, index: int) -> TokenLengths:
        """The lengths of one document; none where it was not tokenised."""
        first, end = self.offsets[index], self.offsets[index + 1]
        return TokenLengths(self.size[first:end], self.continuing[first:end], self.lead[first:end])

    def part(self, first: int, end: int) -> TokenBlock:
        """Documents [first, end) of the block; its columns are shared, not copied."""
        if (first, end) == (0, len(self)):
            return self
        offsets = self.offsets[first : end + 1]
        return TokenBlock.of(
            offsets - offsets[0],
            [column[offsets[0] : offsets[-1]] for column in self.columns],
            self.rewritten[first:end],
            self.tokenised[first:end],
        )

    @property
    def columns(self) -> tuple[Lengths, Lengths, Lengths]:
        """Size, continuing and lead: one number a token each."""
        return self.size, self.continuing, self.lead

    @classmethod
    def of(cls, offsets: Integers, columns: Sequence[Lengths], rewritten: Flags, tokenised: Flags) -> TokenBlock:
        """A block of the three columns of lengths."""
        size, continuing, lead = columns
        return cls(offsets, size, continuing, lead, rewritten, tokenised)

    @classmethod
    def joined(cls, blocks: Sequence[TokenBlock]) -> TokenBlock:
        """Blocks end to end; with none of them, the block of no documents."""
        if len(blocks) == 1:
            return blocks[0]
        blocks = [EMPTY, *blocks]
        counts = np.concatenate([np.diff(block.offsets) for block in blocks])
        return cls.of(
            np.concatenate([[0], np.cumsum(counts)]),
            [np.concatenate(column) for column in zip(*(block.columns for block in blocks), strict=True)],
            np.concatenate([block.rewritten for block in blocks]),
            np.concatenate([block.tokenised for block in blocks]),
        )

    @classmethod
    def of_table(cls, table: pa.Table) -> TokenBlock:
        """The rows of a tokens sidecar; raises ValueError where its columns do not fit each other."""
        counts, tokenised = tokens_of(table["tokens"])
        offsets = np.concatenate([[0], np.cumsum(counts)])
        columns = [_unpacked(table[name], counts, offsets) for name in LENGTH_COLUMNS]
        return cls.of(offsets, columns, np.asarray(table["rewritten"].to_numpy(), dtype=np.bool_), tokenised)

    def to_table(self) -> pa.Table:
        """Rows of a tokens sidecar (TOKENS_SCHEMA)."""
        counts = pa.array(np.diff(self.offsets), mask=~self.tokenised)
        columns = [_packed(column, self.offsets) for column in self.columns]
        return pa.table([counts, pa.array(self.rewritten), *columns], schema=TOKENS_SCHEMA)


EMPTY = TokenBlock.of(
    np.zeros(1, dtype=np.int64), [np.empty(0, dtype=np.uint16)] * 3, *(np.empty(0, dtype=np.bool_) for _ in range(2))
)


def tokens_of(column: pa.ChunkedArray) -> tuple[Integers, Flags]:
    """(tokens that are kept of each document, which documents were tokenised) from the column `tokens`."""
    tokenised = np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
    return np.asarray(column.fill_null(0).to_numpy(), dtype=np.int64), tokenised


def _packed(column: Lengths, offsets: Integers) -> pa.Array:
    """Each document's numbers as bytes, in as few as they need."""
    counts = np.diff(offsets)
    some = counts > 0
    greatest = np.zeros(len(counts), dtype=np.int64)
    greatest[some] = np.maximum.reduceat(column, offsets[:-1][some]) if len(column) else 0
    widths = (greatest > 0).astype(np.int64) + (greatest > 0xFF)
    content = _narrow(column, counts, widths) if widths.max(initial=0) < 2 else _of_widths(column, offsets, widths)
    ends = np.concatenate([[0], np.cumsum(counts * widths)])
    return pa.Array.from_buffers(_BYTES, len(counts), [None, pa.py_buffer(ends), pa.py_buffer(content)])


def _narrow(column: Lengths, counts: Integers, widths: Integers) -> npt.NDArray[np.uint8]:
    content = column.astype(np.uint8)
    return content if widths.all() else content[np.repeat(widths > 0, counts)]


def _of_widths(column: Lengths, offsets: Integers, widths: Integers) -> npt.NDArray[np.uint8]:
    kinds = [np.dtype("<u2") if width == 2 else np.dtype(np.uint8) for width in widths]
    documents = zip(pairwise(offsets.tolist()), kinds, widths > 0, strict=True)
    return np.concatenate([column[a:b].astype(kind).view(np.uint8) for (a, b), kind, any_ in documents if any_])


def _unpacked(column: pa.ChunkedArray, counts: Integers, offsets: Integers) -> Lengths:
    """The flat numbers of a column of bytes; raises ValueError where they are not as many as tokens."""
    starts, flat = _content(column)
    lengths = np.diff(starts)
    if not ((lengths == 0) | (lengths == counts) | (lengths == 2 * counts)).all():
        raise ValueError("there are not as many lengths as tokens")
    if np.array_equal(lengths, counts):
        return flat.astype(np.uint16)
    numbers = np.zeros(int(offsets[-1]), dtype=np.uint16)
    if not (lengths > counts).any():
        numbers[np.repeat(lengths > 0, counts)] = flat
        return numbers
    for (first, end), (start, stop) in zip(pairwise(offsets.tolist()), pairwise(starts.tolist()), strict=True):
        if stop > start:
            numbers[first:end] = flat[start:stop].view("<u2" if stop - start > end - first else np.uint8)
    return numbers


def _content(column: pa.ChunkedArray) -> tuple[Integers, npt.NDArray[np.uint8]]:
    """(where each row's bytes start, then their end; all bytes) of a column of bytes."""
    array = column.combine_chunks()
    if not len(array):
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    _, places, content = array.buffers()
    starts = np.frombuffer(places, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return starts - starts[0], np.frombuffer(content or b"", dtype=np.uint8)[starts[0] : starts[-1]]
