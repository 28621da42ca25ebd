"""Arrow batches as text, a column at a time: the same bytes as `exposure.row_encoding`, without Python for a value.

Arrow's functions do not hold the interpreter, so other threads go on. What they cannot write as Python does (texts that
need escapes, very large and very small numbers, lists, objects) goes through `row_encoding` value by value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exposure.row_encoding import csv_field, json_text

Encode = Callable[[Any], str]

_NEEDS_ESCAPE = '["\\\\\x01-\x1f]|\\x00'
_NEEDS_QUOTES = '[",\r\n]'
_IS_WHOLE = "^-?[0-9]+$"
SMALLEST_PLAIN = 1e-4
"""Python writes smaller numbers with an exponent, Arrow much smaller ones only."""


def ndjson(batch: pa.RecordBatch) -> bytes:
    """One JSON object a line."""
    return _contiguous(_lines(batch, "\n"))


def json_members(batch: pa.RecordBatch) -> bytes:
    """The objects with ", " between them and none after the last."""
    return _contiguous(_lines(batch, ", "))[:-2]


def csv(batch: pa.RecordBatch) -> bytes:
    """One line of fields a row, without the header."""
    columns = [_csv_column(column) for column in batch.columns]
    if len(columns) == 1:
        columns = [pc.if_else(pc.equal(columns[0].fill_null(""), ""), '""', columns[0])]
    pieces: list[Any] = []
    for column in columns:
        pieces += [column, ","]
    pieces[-1] = "\n"
    return _contiguous(pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement=""))


def _lines(batch: pa.RecordBatch, end: str) -> pa.Array:
    pieces: list[Any] = []
    for place, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        before, column_pieces = f"{', ' if place else '{'}{json_text(name)}: ", _json_column(column)
        pieces += [before, column_pieces]
    pieces.append("}" + end)
    return pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="null")


def _json_column(column: pa.Array) -> pa.Array:
    """The JSON text of each value; null stays null."""
    if pa.types.is_string(column.type):
        quoted = pc.binary_join_element_wise('"', column, '"', "")
        return _mended(quoted, column, pc.match_substring_regex(column, _NEEDS_ESCAPE), json_text)
    if pa.types.is_floating(column.type):
        return _numbers(column, json_text)
    return _other_column(column, json_text)


def _csv_column(column: pa.Array) -> pa.Array:
    if pa.types.is_floating(column.type):
        return _numbers(column, csv_field)
    text = column if pa.types.is_string(column.type) else _other_column(column, csv_field)
    return _mended(text, text, pc.match_substring_regex(text, _NEEDS_QUOTES), _in_quotes)


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _other_column(column: pa.Array, encode: Encode) -> pa.Array:
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return pc.cast(column, pa.string())
    return pa.array((None if value is None else encode(value) for value in column.to_pylist()), pa.string())


def _numbers(column: pa.Array, encode: Encode) -> pa.Array:
    """Floating-point numbers as Python writes them: Arrow finds the same digits, and differs in the rest."""
    text = pc.cast(column, pa.string())
    text = pc.if_else(pc.match_substring_regex(text, _IS_WHOLE), pc.binary_join_element_wise(text, ".0", ""), text)
    small = pc.and_(pc.less(pc.abs(column), SMALLEST_PLAIN), pc.not_equal(column, 0.0))
    odd = pc.or_(pc.or_(small, pc.invert(pc.is_finite(column))), pc.match_substring(text, "e"))
    return _mended(text, column, odd, encode)


def _mended(text: pa.Array, column: pa.Array, mask: pa.BooleanArray, encode: Encode) -> pa.Array:
    """`text`, where `mask` is set that of `encode`."""
    mask = mask.fill_null(False)
    if not mask.true_count:
        return text
    return pc.replace_with_mask(text, mask, pa.array(map(encode, column.filter(mask).to_pylist()), pa.string()))


def _contiguous(texts: pa.StringArray) -> bytes:
    """All texts one after the other: they lie so in memory."""
    if not len(texts):
        return b""
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    start, end = ends[texts.offset], ends[texts.offset + len(texts)]
    return b"" if data is None else bytes(memoryview(data)[start:end])
