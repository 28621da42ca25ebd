"""Packing `concatenate`: documents joined by end-of-document tokens into one stream, which is cut into rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.blocks import Integers, TextBlock
from indexer.compiled.packing import FITS, cut_stream
from indexer.passage_copies import copied, other_bytes
from indexer.spelling import SpelledBlock


@dataclass
class RowStream:
    """The rows of a shard's documents, cut every `row_tokens` tokens.

    `place` is where the next document's first token stands in the run's stream, `cursor` the characters before it in
    its row; both move on from block to block.
    """

    path: str
    row_tokens: int
    rows: int
    prefix_characters: int
    prefix_tokens: int
    end_characters: int
    place: int
    cursor: int

    def pack(self, spelled: SpelledBlock) -> TextBlock:
        """The passages of the documents that come next. Raises CensusError where their tokens have other bytes."""
        columns = self._cut(spelled)
        document, row, offset, within, document_offset, lead, first_size, end_size, first, end, text_end = columns
        text, starts, stops = copied(spelled.text, first, end, text_end, lead)
        return TextBlock(
            text=text,
            start=starts,
            end=stops,
            row=row,
            offset=offset,
            token=self.prefix_tokens + within,
            document=spelled.block.first + document,
            document_offset=document_offset,
            lead=lead,
            sizes=spelled.tokens.size,
            first_size=first_size,
            end_size=end_size,
            id_of=spelled.block.id_of,
        )

    def _cut(self, spelled: SpelledBlock) -> Integers:
        """The columns of cut_stream, [11, passages]."""
        passages = np.empty((11, self._most_passages(spelled)), dtype=np.int64)
        found, self.place, self.cursor, bad = cut_stream(
            spelled.starts,
            spelled.ends,
            spelled.first_token,
            spelled.end_token,
            spelled.tokens.size,
            spelled.tokens.continuing,
            spelled.tokens.lead,
            self.row_tokens,
            self.rows,
            self.prefix_characters,
            self.end_characters,
            self.place,
            self.cursor,
            passages,
        )
        if bad != FITS:
            raise other_bytes(self.path, spelled, bad)
        return passages[:, :found]

    def _most_passages(self, spelled: SpelledBlock) -> int:
        """A document of n tokens stands in at most two rows more than it fills."""
        counts = spelled.end_token - spelled.first_token
        return int((counts // self.row_tokens + 2).sum())
