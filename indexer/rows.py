"""From documents to the passages that the model was shown: packing, cuts and offsets.

A *passage* is the part of one document that stands in one row. Nothing matches across rows or documents, so passages
are matched one by one; offsets are still those of the whole row text, in which special tokens stand by their content.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exposure.census import Census
from exposure.orders import DataOrder
from indexer.blocks import DocumentBlock, TextBlock
from indexer.compiled.packing import FITS, cut_prefixes
from indexer.passage_copies import copied, other_bytes
from indexer.row_stream import RowStream
from indexer.spelling import SpelledBlock
from indexer.stream_start import characters_before

Packer = Callable[[SpelledBlock], TextBlock]


def packer(order: DataOrder, census: Census, shard: int) -> Packer:
    """The packing rule of an order that has a tokenizer, ready for the blocks of one shard from its first on.

    A packer raises CensusError where the tokens of a document have other bytes than the document.
    """
    assert order.tokenizer is not None
    prefix = sum(map(len, order.tokenizer.row_prefix))
    prefix_tokens = len(order.tokenizer.row_prefix)
    path = order.shards[shard].path
    if order.packing == "document-per-row":
        first = int(census.first_documents[shard])
        return _DocumentPerRow(path, first, order.text_tokens_per_row, prefix, prefix_tokens).pack
    end = len(order.tokenizer.end_of_document or "")
    carried = characters_before(census, shard, order.text_tokens_per_row, end)
    place = int(census.first_tokens[shard])
    return RowStream(
        path, order.text_tokens_per_row, order.rows, prefix, prefix_tokens, end, place, prefix + carried
    ).pack


def whole_documents(block: DocumentBlock, first_row: int) -> TextBlock:
    """Rows of a run without a tokenizer: each is a document, uncut; `first_row` is the row of the shard's first."""
    numbers = np.arange(block.first, block.first + len(block), dtype=np.int64)
    nothing = np.zeros(len(block), dtype=np.int64)
    return TextBlock(
        text=block.text,
        start=block.starts,
        end=block.ends,
        row=first_row + numbers,
        offset=nothing,
        token=nothing,
        document=numbers,
        document_offset=nothing,
        lead=nothing,
        sizes=np.empty(0, dtype=np.uint16),
        first_size=nothing,
        end_size=nothing,
        id_of=block.id_of,
    )


@dataclass(frozen=True)
class _DocumentPerRow:
    """A row is a document's first tokens."""

    path: str
    first_row: int
    row_tokens: int
    prefix_characters: int
    prefix_tokens: int

    def pack(self, spelled: SpelledBlock) -> TextBlock:
        counts = spelled.end_token - spelled.first_token
        end_token = spelled.first_token + np.minimum(counts, self.row_tokens)
        ends = spelled.ends.copy()
        is_whole = spelled.tokenised & (counts < self.row_tokens)  # the census may keep no more than a row of tokens
        bad = cut_prefixes(
            spelled.starts, spelled.ends, spelled.first_token, end_token, is_whole, spelled.tokens.size, ends
        )
        if bad != FITS:
            raise other_bytes(self.path, spelled, bad)
        ends[~spelled.tokenised] = spelled.ends[~spelled.tokenised]
        nothing = np.zeros(len(ends), dtype=np.int64)
        text, starts, stops = copied(spelled.text, spelled.starts, ends, spelled.ends, nothing)
        numbers = np.arange(spelled.block.first, spelled.block.first + len(ends), dtype=np.int64)
        return TextBlock(
            text=text,
            start=starts,
            end=stops,
            row=self.first_row + numbers,
            offset=nothing + self.prefix_characters,
            token=nothing + self.prefix_tokens,
            document=numbers,
            document_offset=nothing,
            lead=nothing,
            sizes=spelled.tokens.size,
            first_size=spelled.first_token,
            end_size=end_token,
            id_of=spelled.block.id_of,
        )
