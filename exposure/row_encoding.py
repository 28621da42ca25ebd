"""Rows of named values as text, one at a time: JSON, NDJSON and CSV, for the shell and REST alike.

`exposure.batch_encoding` writes the very same bytes from Arrow columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

Row = Mapping[str, object]
Envelope = Mapping[str, str]

_MUST_QUOTE = frozenset('",\r\n')


def plain(value: Any) -> Any:
    """`value` of an answer in what JSON knows: dataclasses become objects; a number that is none becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    return plain(_object(value))


def _object(value: Any) -> Any:
    """What JSON's own encoder does not know: a dataclass as an object, anything else by its name."""
    return row_of(type(value), value) if is_dataclass(value) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_object).encode


def row_of(kind: type, answer: Any) -> dict[str, Any]:
    """The fields of `answer`, a dataclass of type `kind`, by name; what they hold is left as it is."""
    return {field.name: getattr(answer, field.name) for field in fields(kind)}


def json_text(value: Any) -> str:
    """One value as JSON, on one line."""
    try:
        return _encode(value)
    except ValueError:  # a number that is none, somewhere in it
        return _encode(plain(value))


def ndjson(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """One JSON object a line."""
    return "".join(json_text({column: row[column] for column in columns}) + "\n" for row in rows)


def csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """One line of fields a row, without the header. Lines end with a line feed; lists and objects are JSON."""
    return "".join(csv_line([csv_field(row[column]) for column in columns]) for row in rows)


def csv_header(columns: Sequence[str]) -> str:
    """The first line of CSV."""
    return csv_line(columns)


def csv_line(texts: Sequence[str]) -> str:
    """One line of CSV; a line of one empty field is quoted, or readers would take it for no line."""
    return ",".join(map(_quoted, texts)) + "\n" if list(texts) != [""] else '""\n'


def csv_field(value: object) -> str:
    """The text of one field, not yet quoted: null is empty, truth in lower case, numbers as Python writes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    return json_text(value) if isinstance(value, list | tuple | Mapping) or is_dataclass(value) else str(value)


def _quoted(text: str) -> str:
    return text if _MUST_QUOTE.isdisjoint(text) else '"' + text.replace('"', '""') + '"'


def utf8(text: str) -> bytes:
    """`text` as bytes; halves of surrogate pairs (a shell's invalid UTF-8) escaped as JSON escapes them."""
    return text.encode("utf-8", "backslashreplace")
