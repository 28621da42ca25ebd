"""What readers give: documents, and lines that are none."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """One document: `line` is 1-based, `start` its byte in the uncompressed stream; for Parquet both are its row."""

    line: int
    start: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no document. After a `fatal` one nothing of the shard can be read."""

    line: int
    reason: str
    fatal: bool = False


Rows = Iterator[Document | BadLine]


@dataclass(frozen=True, slots=True)
class Fields:
    """The names of the columns (or JSON keys) that hold the text and the document's id."""

    text: str = "text"
    id: str = "id"


def document_of(path: Path, number: int, start: int, row: dict[str, Any], fields: Fields) -> Document | BadLine:
    """The document that a row of named values is, or why it is none; without an id it is named by file and line."""
    if fields.text not in row:
        return BadLine(
            number, f"no key {fields.text!r} (it has: {names_of(row)}); name the one with the text as text_field"
        )
    text = row[fields.text]
    if not isinstance(text, str):
        return BadLine(number, f"{fields.text!r} is {_shown(text)}, expected a string")
    name = name_of(path, number, row.get(fields.id))
    for field, value in ((fields.text, text), (fields.id, name)):
        if _has_lone_surrogate(value):
            return BadLine(number, f"{field!r} holds half of a surrogate pair, which is no character")
    return Document(number, start, name, text)


def name_of(path: Path, number: int, identity: object) -> str:
    """The id of a document: the value that it has for one, else its file and line."""
    return f"{path.name}:{number}" if identity is None else str(identity)


def _shown(value: object) -> str:
    """The beginning of a value, for a message."""
    try:
        return json.dumps(value)[:40]
    except TypeError:  # Parquet holds more kinds of values than JSON
        return repr(value)[:40]


def names_of(names: Iterable[str]) -> str:
    """The first few of the names that there are, for a message."""
    first = [repr(name[:40]) for name in itertools.islice(names, 8)]
    return ", ".join(first) or "none"


def _has_lone_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
