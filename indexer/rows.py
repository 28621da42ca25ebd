"""From documents to the passages that the model was shown: packing, cuts and offsets.

A *passage* is the part of one document that stands in one row. Nothing matches across rows or documents, so passages
are matched one by one; offsets are still those of the whole row text, in which special tokens stand by their content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exposure.census import Census, ShardCensus, TokenLengths, document_starts
from exposure.orders import DataOrder

NO_TOKENS = TokenLengths(*(np.empty(0, dtype=np.uint16),) * 3)


@dataclass(frozen=True, slots=True)
class Passage:
    """Text of one document in one row.

    `offset` and `token` are where it starts in its row (characters, tokens), `document_offset` where it starts in the
    document (characters). `lead` of its first characters are U+FFFD for the bytes of a character begun in another row.
    """

    row: int
    text: str
    offset: int
    token: int
    document: int
    document_id: str
    document_offset: int
    lead: int
    token_bytes: npt.NDArray[np.uint16]

    def token_at(self, position: int) -> int | None:
        """The token of the row that holds the first byte of the character at `position`; None without a tokenizer."""
        if not len(self.token_bytes):
            return None
        byte = position
        if position > self.lead and not self.text.isascii():
            byte = self.lead + len(self.text[self.lead : position].encode())
        return self.token + int(np.searchsorted(np.cumsum(self.token_bytes), byte, side="right"))


@dataclass(frozen=True, slots=True)
class PackedDocument:
    """A document ready to be cut: the text that its tokens decode to, and their lengths."""

    index: int
    id: str
    text: str
    lengths: TokenLengths


Packer = Callable[[PackedDocument], Iterator[Passage]]


def packer(order: DataOrder, census: Census, shard: int) -> Packer:
    """The packing rule of `order`, ready for the documents of one shard from its first on."""
    if order.tokenizer is None:
        return _Whole(int(census.first_documents[shard])).pack
    prefix = sum(map(len, order.tokenizer.row_prefix))
    if order.packing == "document-per-row":
        first = int(census.first_documents[shard])
        return _DocumentPerRow(first, order.text_tokens_per_row, prefix, len(order.tokenizer.row_prefix)).pack
    end = len(order.tokenizer.end_of_document or "")
    place = int(census.first_tokens[shard])
    carried = characters_before(census, shard, order.text_tokens_per_row, end)
    return _Concatenate(
        order.text_tokens_per_row, order.rows, prefix, len(order.tokenizer.row_prefix), end, place, prefix + carried
    ).pack


@dataclass(frozen=True)
class _Whole:
    """No tokenizer: a row is a document, uncut."""

    first_row: int

    def pack(self, document: PackedDocument) -> Iterator[Passage]:
        row = self.first_row + document.index
        yield Passage(row, document.text, 0, 0, document.index, document.id, 0, 0, NO_TOKENS.size)


@dataclass(frozen=True)
class _DocumentPerRow:
    """A row is a document's first tokens."""

    first_row: int
    row_tokens: int
    prefix_characters: int
    prefix_tokens: int

    def pack(self, document: PackedDocument) -> Iterator[Passage]:
        text, lengths = document.text, document.lengths
        if len(lengths) > self.row_tokens:
            text = cut(text, 0, int(lengths.size[: self.row_tokens].sum()))
        yield Passage(
            row=self.first_row + document.index,
            text=text,
            offset=self.prefix_characters,
            token=self.prefix_tokens,
            document=document.index,
            document_id=document.id,
            document_offset=0,
            lead=0,
            token_bytes=lengths.size[: self.row_tokens],
        )


@dataclass
class _Concatenate:
    """Documents joined by end-of-document tokens, cut every `row_tokens` tokens; `place` runs through the stream."""

    row_tokens: int
    rows: int
    prefix_characters: int
    prefix_tokens: int
    end_characters: int
    place: int
    cursor: int

    def pack(self, document: PackedDocument) -> Iterator[Passage]:
        lengths = document.lengths
        ends = np.concatenate([[0], np.cumsum(lengths.size, dtype=np.int64)])
        content = document.text if document.text.isascii() else document.text.encode()  # once, not for every row
        token, characters = 0, 0
        while token < len(lengths):
            self._start_row_if_due()
            row, within = divmod(self.place, self.row_tokens)
            end = min(len(lengths), token + self.row_tokens - within)
            text = cut(content, int(ends[token]), int(ends[end]))
            lead = int(lead_of(lengths, token, end))
            if row < self.rows:
                yield Passage(
                    row=row,
                    text=text,
                    offset=self.cursor,
                    token=self.prefix_tokens + within,
                    document=document.index,
                    document_id=document.id,
                    document_offset=characters - lead,
                    lead=lead,
                    token_bytes=lengths.size[token:end],
                )
            self.place += end - token
            self.cursor += len(text)
            characters += len(text) - lead
            token = end
        self._start_row_if_due()
        self.place += 1
        self.cursor += self.end_characters

    def _start_row_if_due(self) -> None:
        if self.place % self.row_tokens == 0:
            self.cursor = self.prefix_characters


def lead_of(lengths: TokenLengths, start: int, end: int) -> int:
    """Leading continuation bytes of tokens [start, end): whole tokens of them may follow one another."""
    lead = 0
    for token in range(start, end):
        lead += int(lengths.lead[token])
        if lengths.lead[token] < lengths.size[token]:
            break
    return lead


def cut(text: str | bytes, first_byte: int, end_byte: int) -> str:
    """Bytes [first, end) of a text (or of its UTF-8) as text; a character cut in two becomes U+FFFD in both rows."""
    if isinstance(text, str):
        if text.isascii():
            return text[first_byte:end_byte]
        text = text.encode()
    return text[first_byte:end_byte].decode("utf-8", "replace")


def characters_before(census: Census, shard: int, row_tokens: int, end_characters: int) -> int:
    """Characters of the row that a shard starts in which earlier shards hold (`concatenate`); 0 where a row starts."""
    start = int(census.first_tokens[shard])
    row_start = start - start % row_tokens
    characters = 0
    for earlier in range(shard):
        first, end = int(census.first_tokens[earlier]), int(census.first_tokens[earlier + 1])
        if end > row_start:
            characters += _characters_from(census.shards[earlier], max(row_start - first, 0), end_characters)
    return characters


def _characters_from(shard: ShardCensus, token: int, end_characters: int) -> int:
    """Characters of a shard's stream from `token` to its end, as they stand in a row that starts at `token`."""
    starts = document_starts(shard)
    document = int(np.searchsorted(starts, token, side="right")) - 1
    total = 0
    for index, lengths in enumerate(shard.token_lengths(document, shard.shard.documents), start=document):
        skip = max(token - int(starts[index]), 0)
        if skip < len(lengths):
            total += int(lengths.characters[skip:].sum()) + (lead_of(lengths, skip, len(lengths)) if skip else 0)
        total += end_characters
    return total
