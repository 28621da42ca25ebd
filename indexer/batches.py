"""What a training step was trained on: the rows of one batch, read by random access."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exposure.census import Census, document_starts
from exposure.errors import QuestionError
from exposure.orders import DataOrder, Sequential, TokenizerSpec
from indexer.documents import packed_at
from indexer.rows import PackedDocument, cut
from indexer.tokens import TextTokenizer

DocumentPlace = tuple[int, int]
"""(shard, number of the document in it)."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One training sequence: `sequence` is its place in the batch, `row` its number in the corpus.

    `text` is the row text: special tokens stand in it by their content.
    """

    step: int
    batch: int
    sequence: int
    row: int
    documents: tuple[str, ...]
    characters: int
    text: str
    exactness: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """Tokens [start, end) of one document; `is_ended` when its end-of-document token stands in the row too."""

    place: DocumentPlace
    start: int
    end: int
    is_ended: bool


def batch_rows(order: DataOrder, step: int, sequence: int | None = None, census: Path | None = None) -> list[BatchRow]:
    """The rows that training step `step` (1 … steps) consumed: batch step − 1. Raises QuestionError outside the run."""
    slots = _slots(order, step, sequence)
    rows = slots % order.rows if isinstance(order.order, Sequential) else order.run_order[slots].astype(np.int64)
    counted = Census.open(order, census)
    pieces = {int(row): _pieces(counted, int(row)) for row in set(rows.tolist())}
    documents = _documents(counted, pieces)
    answers = []
    for slot, row in zip(slots.tolist(), rows.tolist(), strict=True):
        text = _row_text(order.tokenizer, pieces[row], documents)
        names = tuple(documents[piece.place].id for piece in pieces[row])
        answers.append(
            BatchRow(step, step - 1, slot % order.batch_sequences, row, names, len(text), text, order.exactness)
        )
    return answers


def _slots(order: DataOrder, step: int, sequence: int | None) -> np.typing.NDArray[np.int64]:
    if not 1 <= step <= order.steps:
        raise QuestionError(
            f"Step {step} was asked for; the run trains steps 1 to {order.steps:,} (step N consumes batch N − 1)."
        )
    first = (step - 1) * order.batch_sequences
    slots = np.arange(first, min(first + order.batch_sequences, order.slots), dtype=np.int64)
    if sequence is None:
        return slots
    if not 0 <= sequence < len(slots):
        raise QuestionError(f"Sequence {sequence} was asked for; this batch has sequences 0 to {len(slots) - 1}.")
    return slots[sequence : sequence + 1]


def _pieces(census: Census, row: int) -> list[_Piece]:
    """What a row is made of, in order."""
    order = census.order
    if order.packing == "document-per-row":
        shard = int(np.searchsorted(census.first_documents, row, side="right")) - 1
        room = order.text_tokens_per_row if order.tokenizer else 0
        return [_Piece((shard, row - int(census.first_documents[shard])), 0, room, False)]
    start = row * order.text_tokens_per_row
    return [
        piece
        for shard in range(len(census.shards))
        for piece in _pieces_in_shard(census, shard, start, start + order.text_tokens_per_row)
    ]


def _pieces_in_shard(census: Census, shard: int, start: int, end: int) -> list[_Piece]:
    """The documents of a shard that stand in tokens [start, end) of the whole stream."""
    shard_start = int(census.first_tokens[shard])
    if end <= shard_start or start >= census.first_tokens[shard + 1]:
        return []
    starts = document_starts(census.shards[shard]) + shard_start
    first, last = np.searchsorted(starts, [start, end - 1], side="right") - 1
    pieces = []
    for document in range(int(first), min(int(last), len(starts) - 2) + 1):
        at, closing = int(starts[document]), int(starts[document + 1]) - 1
        pieces.append(
            _Piece((shard, document), max(start - at, 0), min(end, closing) - at, is_ended=start <= closing < end)
        )
    return pieces


def _documents(census: Census, pieces: dict[int, list[_Piece]]) -> dict[DocumentPlace, PackedDocument]:
    """The documents of all pieces; each shard is read once, up to its last document that is needed."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for piece in (piece for row in pieces.values() for piece in row):
        wanted[piece.place[0]].add(piece.place[1])
    spec = census.order.tokenizer
    tokenizer = TextTokenizer.of(spec) if spec else None
    return {
        (shard, document.index): document
        for shard, indices in sorted(wanted.items())
        for document in packed_at(census, shard, sorted(indices), tokenizer)
    }


def _row_text(spec: TokenizerSpec | None, pieces: list[_Piece], documents: dict[DocumentPlace, PackedDocument]) -> str:
    if spec is None:
        return documents[pieces[0].place].text
    text = "".join(spec.row_prefix)
    for piece in pieces:
        document = documents[piece.place]
        ends = np.concatenate([[0], np.cumsum(document.lengths.size, dtype=np.int64)])
        first, last = (int(ends[min(token, len(document.lengths))]) for token in (piece.start, piece.end))
        text += cut(document.text, first, last) + (spec.end_of_document or "") * piece.is_ended
    return text + "".join(spec.row_suffix)
