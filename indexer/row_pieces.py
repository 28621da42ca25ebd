"""What a row is made of: pieces of documents, found by arithmetic from the census, without reading the corpus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exposure.census import Census, document_starts
from indexer.cuts import cut, lead_of
from indexer.documents import NO_TOKENS, PackedDocument

DocumentPlace = tuple[int, int]
"""(shard, number of the document in it)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens [start, end) of one document; `is_ended` when its end-of-document token stands in the row too."""

    place: DocumentPlace
    start: int
    end: int
    is_ended: bool

    def text_of(self, document: PackedDocument) -> str:
        """The piece's text; all of the document where nothing is known of its tokens."""
        if document.lengths is NO_TOKENS:
            return document.text
        ends = np.concatenate([[0], np.cumsum(document.lengths.size, dtype=np.int64)])
        first, last = (int(ends[min(token, len(document.lengths))]) for token in (self.start, self.end))
        return cut(document.text, first, last)

    def place_in(self, document: PackedDocument, document_offset: int) -> int:
        """The character of the piece's text at which a character of the document stands."""
        before = int(document.lengths.characters[: self.start].sum())
        return document_offset - before + lead_of(document.lengths, self.start, min(self.end, len(document.lengths)))


def pieces_of_row(census: Census, row: int) -> list[Piece]:
    """The pieces of a row, in order."""
    order = census.order
    if order.packing == "document-per-row":
        shard = int(np.searchsorted(census.first_documents, row, side="right")) - 1
        room = order.text_tokens_per_row if order.tokenizer else 0
        return [Piece((shard, row - int(census.first_documents[shard])), 0, room, False)]
    start = row * order.text_tokens_per_row
    return [
        piece
        for shard in range(len(census.shards))
        for piece in _pieces_in_shard(census, shard, start, start + order.text_tokens_per_row)
    ]


def _pieces_in_shard(census: Census, shard: int, start: int, end: int) -> list[Piece]:
    """The documents of a shard that stand in tokens [start, end) of the whole stream."""
    shard_start = int(census.first_tokens[shard])
    if end <= shard_start or start >= census.first_tokens[shard + 1]:
        return []
    starts = document_starts(census.shards[shard]) + shard_start
    first, last = np.searchsorted(starts, [max(start, shard_start), end - 1], side="right") - 1
    pieces = []
    for document in range(int(first), min(int(last), len(starts) - 2) + 1):
        at, closing = int(starts[document]), int(starts[document + 1]) - 1
        pieces.append(
            Piece((shard, document), max(start - at, 0), min(end, closing) - at, is_ended=start <= closing < end)
        )
    return pieces
