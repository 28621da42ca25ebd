"""Files of minimal pairs: BLiMP's, anybody's own .jsonl and .csv, bare lists of phrases. In words: docs/pairs.md."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from exposure.errors import PairsError
from exposure.pair_rows import SENTENCES, Row, checked_text, pair_of, refuse_unknown
from exposure.pairs import MinimalPair

AMBIGUOUS_IN_FOLDER = frozenset({".txt", ".json", ".tsv", ".ndjson"})
"""Files that could hold pairs or phrases, or be a README: in a folder they are never guessed about."""


def load_pairs(paths: Iterable[str | os.PathLike[str]]) -> list[MinimalPair]:
    """Every pair of the given files and folders, in their order; raises PairsError naming file, line and remedy."""
    places: dict[tuple[str, str], str] = {}
    pairs = []
    for file in pair_files(paths):
        for line, pair in READERS[file.suffix.lower()](file):
            where = f"{file}, line {line}"
            first = places.setdefault((pair.uid, pair.pair_id), where)
            if first is not where:
                raise PairsError(
                    f"{where}: the pair {pair.name} is there already ({first}). Give every pair of a paradigm "
                    "a pair_id of its own, or name the file only once."
                )
            pairs.append(pair)
    return pairs


def pair_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The files that `paths` stand for: a folder stands for its *.jsonl and *.csv, by name; PairsError if for none."""
    files = []
    for path in map(Path, paths):
        try:
            files += _folder_files(path) if path.is_dir() else [_named_file(path)]
        except OSError as error:
            raise PairsError(f"{path} cannot be read: {error.strerror}. Check its name and permissions.") from error
    if not files:
        raise PairsError("No file of pairs was given. Name .jsonl, .csv or .txt files, or a folder of them.")
    return files


def _named_file(path: Path) -> Path:
    if not path.exists():
        raise PairsError(f"{path} does not exist. Check the name, or the folder that you are in.")
    if path.suffix.lower() not in READERS:
        raise PairsError(
            f"{path}: {path.suffix or 'no extension'} is not read. Pairs are .jsonl or .csv, a list of phrases is "
            ".txt: convert or rename the file."
        )
    return path


def _folder_files(folder: Path) -> list[Path]:
    inside = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    unclear = [file.name for file in inside if file.suffix.lower() in AMBIGUOUS_IN_FOLDER]
    if unclear:
        raise PairsError(
            f"The folder {folder} also holds {', '.join(unclear[:3])}, and whether that is meant cannot be known. "
            "Name the files one by one."
        )
    files = [file for file in inside if file.suffix.lower() in READERS]
    if not files:
        raise PairsError(f"The folder {folder} holds no .jsonl and no .csv file. Name the folder of the pairs itself.")
    return files


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PairsError(f"{file} cannot be read: {error.strerror}. Check its permissions.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        raise PairsError(f"{file}, line {line}: byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8.") from error


def _read_jsonl(file: Path) -> Iterator[tuple[int, MinimalPair]]:
    return _pairs(file, _json_rows(file))


def _read_csv(file: Path) -> Iterator[tuple[int, MinimalPair]]:
    return _pairs(file, _csv_rows(file))


def _read_txt(file: Path) -> Iterator[tuple[int, MinimalPair]]:
    """A bare list: one phrase a line, its line number (from 1) for a pair_id."""
    uid = checked_text("uid", file.stem, str(file))
    empty = True
    for line, text in enumerate(io.StringIO(_text(file), newline=None), start=1):
        if phrase := " ".join(text.split()):
            empty = False
            yield line, MinimalPair(uid, str(line), "", "", phrase_good=phrase)
    if empty:
        raise PairsError(f"{file} holds no phrase. Write one phrase on each line.")


READERS: dict[str, Callable[[Path], Iterator[tuple[int, MinimalPair]]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".txt": _read_txt,
}


def _pairs(file: Path, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, MinimalPair]]:
    number = -1
    for number, (line, row) in enumerate(rows):
        yield line, pair_of(row, f"{file}, line {line}", {"uid": file.stem, "pair_id": str(number)})
    if number < 0:
        raise PairsError(f"{file} holds no pair. Give at least one row with sentence_good and sentence_bad.")


def _json_rows(file: Path) -> Iterator[tuple[int, Row]]:
    # Lines end at line feeds, never at U+2028, which a JSON string may hold.
    for line, text in enumerate(io.StringIO(_text(file), newline=None), start=1):
        if text.strip():
            yield line, _json_object(text, f"{file}, line {line}")


def _json_object(text: str, where: str) -> Row:
    def unique(items: list[tuple[str, object]]) -> Row:
        row = dict(items)
        if len(row) < len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise PairsError(f"{where}: the key {twice!r} stands there twice. Keep one of them.")
        return row

    try:
        row = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        # The decoder counts lines within this one: only its character means anything here.
        reason = f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise PairsError(f"{where}: not JSON ({reason}). Write one JSON object on each line.") from error
    if not isinstance(row, dict):
        raise PairsError(f"{where}: JSON of type {type(row).__name__}, an object was expected: {{...}} on each line.")
    return row


def _csv_rows(file: Path) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            where = f"{file}, line {line}"
            if cells and header is None:
                header = _csv_header(cells, where)
            elif cells and header is not None:
                yield line, _csv_row(header, cells, where)
            line = reader.line_num + 1
    except csv.Error as error:
        raise PairsError(f"{file}, line {line}: not CSV ({error}). Quote cells that hold commas or quotes.") from error


def _csv_header(cells: list[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if header.count(name) > 1:
            raise PairsError(f"{where}: the column {name!r} stands there twice. Keep one of them.")
    refuse_unknown(header, where)
    return header


def _csv_row(header: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(header):
        raise PairsError(
            f"{where}: {len(cells)} cells, the header has {len(header)}. Quote a cell that holds a comma, and keep "
            "the commas of empty cells."
        )
    row: Row = {name: cell for name, cell in zip(header, cells, strict=True) if cell or name in SENTENCES}
    gap = str(row.get("gap", "")).strip()
    if gap.isascii() and gap.isdigit() and len(gap) < 10:
        row["gap"] = int(gap)
    return row
