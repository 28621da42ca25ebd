"""Answers as Arrow batches: dataclasses by column, and tables and batches cut to an even size."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from exposure.answer_schema import answer_schema
from exposure.row_encoding import json_text, plain

Batches = Generator[pa.RecordBatch, None, None]


def batch_of(kind: type, rows: Sequence[Any]) -> pa.RecordBatch:
    """Dataclasses of type `kind` as one batch; raises pa.ArrowException where a value is not of its type."""
    schema = answer_schema(kind)
    columns = [pa.array([_value(getattr(row, field.name), field.type) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def batches_of(answers: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema) -> Batches:
    """The batches of `answers`, none of them empty; raises pa.ArrowInvalid where one is not of `schema`.

    A generator among `answers` is closed with this one.
    """
    source: Iterator[pa.RecordBatch] = iter(answers.to_batches() if isinstance(answers, pa.Table) else answers)
    try:
        for batch in source:
            if not batch.schema.equals(schema):
                raise pa.ArrowInvalid(f"A batch of {batch.schema} was given where {schema} is answered.")
            if batch.num_rows:
                yield batch
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()


def cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `rows`."""
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def _value(value: Any, of_type: pa.DataType) -> Any:
    """`value` as Arrow takes it."""
    if value is None or isinstance(value, str | int | float):
        return value
    return json_text(value) if pa.types.is_string(of_type) and isinstance(value, Mapping) else plain(value)
