"""Text corpora, one document a row: jsonl (plain, gzip, zstandard) and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from exposure.errors import CorpusError
from indexer.readers.jsonl import lines_at, read_lines
from indexer.readers.parquet import read_rows, rows_at
from indexer.readers.records import BadLine, Document, Fields, Rows
from indexer.readers.streams import DigestingFile

__all__ = ["BadLine", "Document", "Fields", "Rows", "format_of", "read_at", "read_shard"]

JSON_ENDINGS = tuple(stem + packed for stem in (".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst"))
PARQUET_ENDING = ".parquet"


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
    reader = {"jsonl": read_lines, "parquet": read_rows}[format_of(path)]
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


def read_at(path: Path, fields: Fields, places: list[tuple[int, int]]) -> Iterator[Document]:
    """The documents at the given (start, line), which rise, without parsing anything else.

    Plain files are sought; a compressed stream is decompressed up to the last place asked for; Parquet reads the row
    groups that hold the rows. Raises CorpusError where there is no document at a place.
    """
    readers: dict[str, Callable[..., Rows]] = {"jsonl": lines_at, "parquet": rows_at}
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
