"""JSON lines, plain or compressed: one document a line."""

from __future__ import annotations

import json
from pathlib import Path

from indexer.readers.records import BadLine, Document, Fields, Rows, document_of
from indexer.readers.streams import DigestingFile, TruncatedStreamError, decompressed, lines


def read_lines(path: Path, file: DigestingFile, fields: Fields) -> Rows:
    """Every row of a jsonl shard, in order; blank lines are none."""
    number = 0
    try:
        for number, (start, line) in enumerate(lines(decompressed(file, path.name.lower())), start=1):
            line = unmarked(number, line)
            if line and not line.isspace():
                yield parse_line(path, number, start, line, fields)
    except TruncatedStreamError as error:
        yield BadLine(number + 1, f"{error}", fatal=True)


def unmarked(number: int, line: bytes) -> bytes:
    """A line without the byte order mark that a file may begin with."""
    return line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def parse_line(path: Path, number: int, start: int, line: bytes, fields: Fields) -> Document | BadLine:
    """The document that a line is, or why it is none."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return BadLine(number, f"not valid UTF-8 (byte {error.start} of the line: 0x{line[error.start]:02x})")
    except (ValueError, RecursionError) as error:  # a number of too many digits is no JSONDecodeError
        return BadLine(number, f"not valid JSON ({error})")
    if not isinstance(row, dict):
        return BadLine(number, f"a JSON {type(row).__name__}, expected an object with the key {fields.text!r}")
    return document_of(path, number, start, row, fields)


def lines_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    """The rows that start at the given (byte, line), which rise."""
    if path.name.lower().endswith((".gz", ".zst")):
        yield from _lines_of_stream(path, fields, places)
        return
    with path.open("rb") as plain:
        for start, number in places:
            plain.seek(start)
            yield parse_line(path, number, start, unmarked(number, plain.readline()), fields)


def _lines_of_stream(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    wanted = iter(places)
    place = next(wanted, None)
    read = 0
    file = DigestingFile(path)
    try:
        for start, line in lines(decompressed(file, path.name.lower())):
            read += 1
            while place is not None and start == place[0]:
                yield parse_line(path, place[1], start, unmarked(place[1], line), fields)
                place = next(wanted, None)
            if place is None:
                return
    except TruncatedStreamError as error:
        yield BadLine(read + 1, str(error), fatal=True)
        return
    finally:
        file.close()
    if place is not None:
        yield BadLine(place[1], "no line starts where the census found one", fatal=True)
