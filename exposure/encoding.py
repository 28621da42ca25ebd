"""Every answer in every form: rows or Arrow batches → parts of bytes, for the shell and REST alike.

    for part in encoded(FirstSeen, answers, CSV): ...
    for part in encoded(ItemScore, batches, ARROW): ...   # millions of rows, a part at a time

`answers` are a sequence of dataclasses of one `kind`, or a pa.Table, or an iterable of pa.RecordBatch, both with the
schema `answer_schema(kind)`. A part takes a few milliseconds to make, and nothing is read ahead. Text is the same,
byte for byte, from dataclasses and from Arrow.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

import pyarrow as pa

from exposure import batch_encoding, row_encoding
from exposure.answer_batches import batch_of, batches_of, cut
from exposure.answer_schema import answer_schema
from exposure.binary_encoding import arrow_parts, parquet_parts
from exposure.row_encoding import Envelope, json_text, row_of, utf8

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
MEDIA = (JSON, NDJSON, CSV, ARROW, PARQUET)
"""The forms of an answer; the first is what a client gets that does not care."""

ROWS_A_PART = 500
"""Dataclasses encoded at once: it is the interpreter that does it, and every other thread waits."""

BATCH_ROWS_A_PART = 1 << 11
"""Rows of Arrow encoded at once, without the interpreter."""

Answers: TypeAlias = "Sequence[Any] | pa.Table | Iterable[pa.RecordBatch]"
"""Dataclasses of one kind, a table, or batches; the latter two with the schema `answer_schema(kind)`."""

Parts = Generator[bytes, None, None]


def encoded(kind: type, answers: Answers, media: str, envelope: Envelope | None = None) -> Parts:
    """Parts of `answers` as `media` (one of MEDIA).

    JSON puts them into `envelope` as its "answers"; without an envelope the one row is the answer. The other forms
    have rows only. A generator of batches is closed when this one is. Raises pa.ArrowException where Arrow cannot
    hold the answers, and where a batch has another schema than `answer_schema(kind)`.
    """
    if isinstance(answers, Sequence) and not (answers and isinstance(answers[0], pa.RecordBatch)):
        yield from _of_rows(kind, answers, media, envelope)
        return
    with contextlib.closing(batches_of(answers, answer_schema(kind))) as batches:
        if media in _BINARY:
            yield from _BINARY[media](batches, answer_schema(kind))
        else:
            yield from _text_of_batches(kind, batches, media, envelope)


def _of_rows(kind: type, rows: Sequence[Any], media: str, envelope: Envelope | None) -> Iterator[bytes]:
    parts = (rows[start : start + ROWS_A_PART] for start in range(0, len(rows), ROWS_A_PART))
    if media in _BINARY:
        yield from _BINARY[media]((batch_of(kind, part) for part in parts), answer_schema(kind))
        return
    mapped = ([row_of(kind, row) for row in part] for part in parts)
    columns = [field.name for field in fields(kind)]
    if media == JSON:
        members = (utf8(json_text(part)[1:-1]) for part in mapped)
        yield from _in_envelope(members, envelope)
    elif media == NDJSON:
        yield from (utf8(row_encoding.ndjson(part, columns)) for part in mapped)
    else:
        yield utf8(row_encoding.csv_header(columns))
        yield from (utf8(row_encoding.csv(part, columns)) for part in mapped)


def _text_of_batches(
    kind: type, batches: Iterable[pa.RecordBatch], media: str, envelope: Envelope | None
) -> Iterator[bytes]:
    even = cut(batches, BATCH_ROWS_A_PART)
    if media == JSON:
        yield from _in_envelope(map(batch_encoding.json_members, even), envelope)
        return
    if media == CSV:
        yield utf8(row_encoding.csv_header([field.name for field in fields(kind)]))
    yield from map(batch_encoding.ndjson if media == NDJSON else batch_encoding.csv, even)


def _in_envelope(members: Iterator[bytes], envelope: Envelope | None) -> Iterator[bytes]:
    """Parts of lists' members, without brackets, within the object that JSON answers are."""
    if envelope is None:
        yield b"".join(members)
        return
    before = "".join(f"{json_text(name)}: {json_text(value)}, " for name, value in envelope.items())
    yield utf8("{" + before + '"answers": [')
    for number, part in enumerate(members):
        yield b", " + part if number else part
    yield b"]}"


_BINARY: dict[str, Callable[[Iterable[pa.RecordBatch], pa.Schema], Iterator[bytes]]] = {
    ARROW: arrow_parts,
    PARQUET: parquet_parts,
}
