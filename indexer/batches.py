"""What a training step was trained on: the rows of one batch, read by random access."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from exposure.api.corpus import BatchRow
from exposure.census import Census
from exposure.errors import QuestionError
from exposure.orders import DataOrder, TokenizerSpec
from indexer.documents import PackedDocument, documents_at
from indexer.row_pieces import DocumentPlace, Piece, pieces_of_row
from indexer.tokens import TextTokenizer


def batch_rows(order: DataOrder, step: int, sequence: int | None = None, census: Path | None = None) -> list[BatchRow]:
    """The rows that training step `step` (1 … steps) consumed: batch step − 1. Raises QuestionError outside the run."""
    slots = _slots(order, step, sequence)
    rows = order.rows_in(slots)
    counted = Census.open(order, census)
    pieces = {int(row): pieces_of_row(counted, int(row)) for row in set(rows.tolist())}
    tokenizer = TextTokenizer.of_run(order)
    places = {piece.place for row in pieces.values() for piece in row}
    documents = documents_at(counted, places, tokenizer)
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


def _row_text(spec: TokenizerSpec | None, pieces: list[Piece], documents: dict[DocumentPlace, PackedDocument]) -> str:
    if spec is None:
        return documents[pieces[0].place].text
    end = spec.end_of_document or ""
    texts = [piece.text_of(documents[piece.place]) + end * piece.is_ended for piece in pieces]
    return "".join([*spec.row_prefix, *texts, *spec.row_suffix])
