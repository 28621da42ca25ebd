"""Documents of text files: jsonl, as it is or compressed, Parquet, and .txt, which is one document. No torch.

Shards as `exposure run init` takes them. What is wrong with one is an error with its place, never a document less.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.errors import EvaluationError, first_line

FIELD = "text"
"""The key, or the column, that holds the text of a document."""

STEMS = (".jsonl", ".ndjson", ".json", ".txt")
ENDINGS = (*(stem + packed for stem in STEMS for packed in ("", ".gz", ".zst")), ".parquet")

DAMAGED = (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeDecodeError)


def text_files(paths: Iterable[Path]) -> list[Path]:
    """The files that `paths` stand for, a folder for those in it by name; raises EvaluationError where it has none."""
    files: list[Path] = []
    for path in paths:
        try:
            files += _in_folder(path) if path.is_dir() else [_known(path)]
        except OSError as error:
            raise EvaluationError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
    return files


def documents(file: Path) -> Iterator[str]:
    """The text of each document of a file, in order; raises EvaluationError where it is damaged, or has none."""
    found = False
    try:
        for text in _documents(file):
            found = True
            yield text
    except DAMAGED as error:
        raise EvaluationError(
            f"{file} cannot be read as text ({first_line(error)[:200]}). It is damaged, or not what its ending says: "
            "make or fetch it anew."
        ) from error
    if not found:
        raise EvaluationError(f"{file} holds no document. Give files with text.")


def _in_folder(folder: Path) -> list[Path]:
    inside = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    if not (files := [file for file in inside if file.name.lower().endswith(ENDINGS)]):
        raise EvaluationError(f"The folder {folder} holds no file of text. Expected {_expected()}.")
    return files


def _known(path: Path) -> Path:
    if not path.exists():
        raise EvaluationError(f"The text {path} does not exist. Check the name, or the folder that you are in.")
    if not path.name.lower().endswith(ENDINGS):
        raise EvaluationError(f"{path} is no file of text that is known here. Expected {_expected()}.")
    return path


def _expected() -> str:
    return "jsonl, .ndjson, .json or .txt, as they are or with .gz or .zst after that, or .parquet"


def _documents(file: Path) -> Iterator[str]:
    name = file.name.lower()
    if name.endswith(".parquet"):
        return _of_parquet(file)
    return _of_plain(file) if ".txt" in Path(name).suffixes else _of_lines(file)


def _of_plain(file: Path) -> Iterator[str]:
    with _unpacked(file) as stream:
        text = stream.read().decode("utf-8-sig")
    if text and not text.isspace():
        yield text


def _of_lines(file: Path) -> Iterator[str]:
    with _unpacked(file) as stream:
        for number, line in enumerate(stream, start=1):
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if line and not line.isspace():
                yield _text_of(_object(line), f"{file}, line {number}")


def _of_parquet(file: Path) -> Iterator[str]:
    with pq.ParquetFile(file) as parquet:
        if FIELD not in (names := parquet.schema_arrow.names):
            raise _without(str(file), f"the columns {', '.join(names)}")
        row = 0
        for batch in parquet.iter_batches(batch_size=1024, columns=[FIELD]):
            for text in batch.column(0).to_pylist():
                row += 1
                yield _text_of({FIELD: text}, f"{file}, row {row}")


def _unpacked(file: Path) -> IO[bytes]:
    """Its bytes, unpacked as they are read."""
    if file.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(file))
    if not file.name.lower().endswith(".zst"):
        return file.open("rb")
    # A NativeFile is no RawIOBase by its type, and has all that a reader asks of one.
    return io.BufferedReader(cast("io.RawIOBase", pa.CompressedInputStream(pa.OSFile(str(file)), "zstd")), 1 << 18)


def _object(line: bytes) -> Any:
    """What a line of JSON says; None where it is none."""
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _text_of(row: Any, where: str) -> str:
    if not isinstance(row, dict) or not isinstance(text := row.get(FIELD), str):
        raise _without(where, f"the keys {', '.join(map(str, row))}" if isinstance(row, dict) else "no JSON object")
    return text


def _without(where: str, held: str) -> EvaluationError:
    return EvaluationError(
        f"{where}: {held[:200]}, and a document is expected: its text under {FIELD!r}. Name the text so, or give it "
        "as .txt."
    )
