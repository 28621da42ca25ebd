"""Text corpora, one document a row: jsonl (plain, gzip, zstandard) and Parquet."""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.errors import CorpusError
from indexer.readers.streams import DigestingFile, TruncatedStreamError, decompressed, lines

JSON_ENDINGS = tuple(stem + packed for stem in (".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst"))
PARQUET_ENDING = ".parquet"


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


def format_of(path: Path) -> str:
    """ "jsonl" or "parquet", by the file's ending; raises CorpusError for any other."""
    name = path.name.lower()
    if name.endswith(PARQUET_ENDING):
        return "parquet"
    if name.endswith(JSON_ENDINGS):
        return "jsonl"
    raise CorpusError(
        f"{path} is not a corpus file that is known here. Expected .jsonl, .jsonl.gz, .jsonl.zst (or .json, "
        ".ndjson) or .parquet."
    )


def read_shard(
    path: Path, fields: Fields, on_read: Callable[[int], None] | None = None
) -> Iterator[Document | BadLine | str]:
    """The rows of a shard in order, and at last the sha256 of the whole file as a string.

    Blank lines are no rows. `on_read` is told the bytes that are read from the file. Raises CorpusError when the file
    cannot be opened.
    """
    reader = {"jsonl": _read_jsonl, "parquet": _read_parquet}[format_of(path)]
    try:
        file = DigestingFile(path, on_read)
    except OSError as error:
        raise CorpusError(
            f"The shard {path} cannot be opened: {error.strerror}. Put it back, or make the manifest again."
        ) from error
    try:
        yield from reader(path, file, fields)
        yield file.digest()
    except OSError as error:
        raise CorpusError(f"The shard {path} cannot be read: {error}. Fetch it again.") from error
    finally:
        file.close()


def _read_jsonl(path: Path, file: DigestingFile, fields: Fields) -> Rows:
    number = 0
    try:
        for number, (start, line) in enumerate(lines(decompressed(file, path.name.lower())), start=1):
            line = _unmarked(number, line)
            if line and not line.isspace():
                yield _parse(path, number, start, line, fields)
    except TruncatedStreamError as error:
        yield BadLine(number + 1, f"{error}", fatal=True)


def _unmarked(number: int, line: bytes) -> bytes:
    """A line without the byte order mark that a file may begin with."""
    return line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _parse(path: Path, number: int, start: int, line: bytes, fields: Fields) -> Document | BadLine:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return BadLine(number, f"not valid UTF-8 (byte {error.start} of the line: 0x{line[error.start]:02x})")
    except (ValueError, RecursionError) as error:  # a number of too many digits is no JSONDecodeError
        return BadLine(number, f"not valid JSON ({error})")
    if not isinstance(row, dict):
        return BadLine(number, f"a JSON {type(row).__name__}, expected an object with the key {fields.text!r}")
    return _document(path, number, start, row, fields)


def _document(path: Path, number: int, start: int, row: dict[str, Any], fields: Fields) -> Document | BadLine:
    if fields.text not in row:
        return BadLine(number, f"no key {fields.text!r} (it has: {_names(row)}); name it with --text-field")
    text = row[fields.text]
    if not isinstance(text, str):
        return BadLine(number, f"{fields.text!r} is {_shown(text)}, expected a string")
    identity = row.get(fields.id)
    name = f"{path.name}:{number}" if identity is None else str(identity)
    for field, value in ((fields.text, text), (fields.id, name)):
        if _has_lone_surrogate(value):
            return BadLine(number, f"{field!r} holds half of a surrogate pair, which is no character")
    return Document(number, start, name, text)


def _shown(value: object) -> str:
    """The beginning of a value, for a message."""
    try:
        return json.dumps(value)[:40]
    except TypeError:  # Parquet holds more kinds of values than JSON
        return repr(value)[:40]


def _names(names: Iterable[str]) -> str:
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


def _read_parquet(path: Path, file: DigestingFile, fields: Fields) -> Rows:
    del file  # Parquet is read from its end; the digest is taken afterwards
    row = 0
    try:
        with pq.ParquetFile(path) as parquet:
            names = parquet.schema_arrow.names
            if fields.text not in names:
                yield BadLine(
                    1,
                    f"no column {fields.text!r} (it has: {_names(names)}); name it with --text-field",
                    fatal=True,
                )
                return
            columns = [fields.text] + [fields.id] * (fields.id in names and fields.id != fields.text)
            for batch in parquet.iter_batches(batch_size=1024, columns=columns):
                for record in _records(batch):
                    yield _row(path, row, record, fields)
                    row += 1
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        yield BadLine(row + 1, f"the Parquet file is damaged ({error})", fatal=True)


def _records(batch: pa.RecordBatch | pa.Table) -> Iterator[dict[str, Any] | UnicodeDecodeError]:
    """The rows of a batch; in place of one whose strings are no UTF-8, what is wrong with it."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError as error:
        if batch.num_rows == 1:
            yield error
            return
        for row in range(batch.num_rows):
            yield from _records(batch.slice(row, 1))


def _row(path: Path, row: int, record: dict[str, Any] | UnicodeDecodeError, fields: Fields) -> Document | BadLine:
    if isinstance(record, UnicodeDecodeError):
        return BadLine(row + 1, f"not valid UTF-8 ({record.reason} at byte {record.start} of the string)")
    return _document(path, row + 1, row, record, fields)


def read_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Iterator[Document]:
    """The documents at the given (start, line), which rise, without parsing anything else.

    Plain files are sought; a compressed stream is decompressed up to the last place asked for; Parquet reads the row
    groups that hold the rows. Raises CorpusError where there is no document at a place.
    """
    readers: dict[str, Callable[..., Rows]] = {"jsonl": _lines_at, "parquet": _rows_at}
    try:
        for found in readers[format_of(path)](path, fields, places):
            if isinstance(found, BadLine):
                raise CorpusError(
                    f"{path}, line {found.line}: {found.reason}. The shard has changed since its manifest was made."
                )
            yield found
    except OSError as error:
        raise CorpusError(
            f"The shard {path} cannot be read: {error}. Put it back, or make the manifest again."
        ) from error


def _lines_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    if path.name.lower().endswith((".gz", ".zst")):
        yield from _lines_of_stream(path, fields, places)
        return
    with path.open("rb") as plain:
        for start, number in places:
            plain.seek(start)
            yield _parse(path, number, start, _unmarked(number, plain.readline()), fields)


def _lines_of_stream(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    wanted = iter(places)
    place = next(wanted, None)
    file = DigestingFile(path)
    try:
        for start, line in lines(decompressed(file, path.name.lower())):
            while place is not None and start == place[0]:
                yield _parse(path, place[1], start, _unmarked(place[1], line), fields)
                place = next(wanted, None)
            if place is None:
                return
    except TruncatedStreamError as error:
        yield BadLine(place[1] if place else 0, str(error), fatal=True)
        return
    finally:
        file.close()
    if place is not None:
        yield BadLine(place[1], "no line starts where the census found one", fatal=True)


def _rows_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Rows:
    number = 0
    try:
        with pq.ParquetFile(path) as parquet:
            names = parquet.schema_arrow.names
            columns = [name for name in dict.fromkeys((fields.text, fields.id)) if name in names]
            groups = _Groups(parquet, columns)
            for row, number in places:
                if row >= parquet.metadata.num_rows:
                    yield BadLine(number, f"the file has only {parquet.metadata.num_rows} rows", fatal=True)
                    return
                yield _row(path, row, next(_records(groups.row(row))), fields)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        yield BadLine(number, f"the Parquet file is damaged ({error})", fatal=True)


class _Groups:
    """The rows of a Parquet file, asked for in rising order: only row groups that hold one are read, one at a time."""

    def __init__(self, parquet: pq.ParquetFile, columns: list[str]) -> None:
        self._parquet = parquet
        self._columns = columns
        sizes = (parquet.metadata.row_group(group).num_rows for group in range(parquet.metadata.num_row_groups))
        self._ends = list(itertools.accumulate(sizes))
        self._group, self._held = -1, pa.table({})

    def row(self, row: int) -> pa.Table:
        """One row, as a table of one."""
        group = min(bisect_right(self._ends, row), len(self._ends) - 1)
        if group != self._group:
            self._group, self._held = group, self._parquet.read_row_group(group, columns=self._columns)
        place = row - (self._ends[group - 1] if group else 0)
        if not 0 <= place < self._held.num_rows:
            raise pa.ArrowInvalid("its row groups are not as long as it says")
        return self._held.slice(place, 1)
