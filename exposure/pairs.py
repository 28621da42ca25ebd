"""Minimal pairs, as BLiMP writes them and in a plain format for anybody's own. docs/pairs.md describes the files."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exposure.errors import PairsError
from exposure.folding import canonical
from exposure.phrases import MatchRule, Phrase

MAX_GAP = 1000
"""The widest W of a gap pattern, in words. A sentence is hardly longer; a typing error is."""

SENTENCE_END = "sentence_end"
"""The one anchor there is."""

SENTENCES = ("sentence_good", "sentence_bad")
PHRASES = ("phrase_good", "phrase_bad")
SHARED_WORDS = ("critical_word", "context_word")
WORDS = (
    *SHARED_WORDS,
    "critical_word_good",
    "critical_word_bad",
    "context_word_good",
    "context_word_bad",
)
LABELS = ("uid", "pair_id", "field", "phenomenon")
COLUMNS = (*SENTENCES, *LABELS, *PHRASES, *WORDS, "gap", "anchor")

ALIASES = {"UID": "uid", "pairID": "pair_id", "linguistics_term": "phenomenon"}
"""BLiMP's names of our columns."""

BLIMP_ONLY = frozenset({
    "simple_LM_method", "one_prefix_method", "two_prefix_method", "lexically_identical",
    "one_prefix_prefix", "one_prefix_word_good", "one_prefix_word_bad",
    "two_prefix_prefix_good", "two_prefix_prefix_bad", "two_prefix_word", "dependency_length", "crucial_item",
})  # fmt: skip
"""Columns of BLiMP's files that say nothing about phrases: passed over."""

AMBIGUOUS_IN_FOLDER = frozenset({".txt", ".json", ".tsv", ".ndjson"})
"""Files that could hold pairs or phrases, or be a README: in a folder they are never guessed about."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two sentences that differ in one grammatical (or factual) contrast.

    The fields from `phrase_good` on come from plain files whose authors name their phrases themselves; `gap` (W, in
    words) and `sentence_end` then hold for both phrases. A word without a side counts in each sentence that holds it.
    A line of a bare phrase list is a pair with two empty sentences and `phrase_good`.
    """

    uid: str
    pair_id: str
    sentence_good: str
    sentence_bad: str
    field: str | None = None
    phenomenon: str | None = None
    phrase_good: str | None = None
    phrase_bad: str | None = None
    critical_word: str | None = None
    context_word: str | None = None
    critical_word_good: str | None = None
    critical_word_bad: str | None = None
    context_word_good: str | None = None
    context_word_bad: str | None = None
    gap: int = 0
    sentence_end: bool = False

    @property
    def name(self) -> str:
        """UID/PAIR, as commands and messages call a pair."""
        return f"{self.uid}/{self.pair_id}"

    @property
    def is_bare_phrase(self) -> bool:
        """Whether this is a line of a phrase list, with no sentences."""
        return not (self.sentence_good or self.sentence_bad)

    @property
    def has_explicit_phrase(self) -> bool:
        """Whether the file names the phrase of at least one side; rules are not asked then."""
        return self.phrase_good is not None or self.phrase_bad is not None

    @property
    def has_identical_sides(self) -> bool:
        """Whether the two sentences are the same, as in seven pairs of BLiMP: a tie for every model."""
        return self.sentence_good == self.sentence_bad and not self.is_bare_phrase


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
    uid = _string("uid", file.stem, str(file))
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
        yield line, _pair(row, f"{file}, line {line}", {"uid": file.stem, "pair_id": str(number)})
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
    _refuse_unknown(header, where)
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


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    unknown = [name for name in names if name not in COLUMNS and name not in ALIASES and name not in BLIMP_ONLY]
    if unknown:
        commas = " Cells are separated by commas." if ";" in unknown[0] or "\t" in unknown[0] else ""
        raise PairsError(
            f"{where}: unknown column {', '.join(map(repr, unknown))}.{commas} Known are {', '.join(COLUMNS)} and "
            "BLiMP's own: correct the name or take the column out."
        )


def _pair(row: Row, where: str, defaults: dict[str, str]) -> MinimalPair:
    """One row as a pair, every value checked."""
    _refuse_unknown(row, where)
    given = {name: value for name, value in _renamed(row, where).items() if value is not None}
    for name in SENTENCES:
        if name not in given:
            raise PairsError(f"{where}: {name} is missing. Every pair needs sentence_good and sentence_bad.")
    values = defaults | given
    gap, anchor = _gap(values.pop("gap", 0), where), _anchor(values.pop("anchor", None), where)
    texts = {name: _string(name, value, where) for name, value in values.items() if name not in BLIMP_ONLY}
    if row.get("linguistics_term") is not None:
        texts["phenomenon"] = _published_phenomenon(texts["phenomenon"])
    pair = MinimalPair(**texts, gap=gap, sentence_end=anchor)
    _check_phrases(pair, where)
    _check_words(pair, where)
    return pair


def _published_phenomenon(term: str) -> str:
    """BLiMP's files say s-selection where its paper says argument structure."""
    from exposure.blimp import PHENOMENA

    return PHENOMENA.get(term, term)


def _renamed(row: Row, where: str) -> Row:
    for blimp, ours in ALIASES.items():
        if blimp in row and ours in row:
            raise PairsError(f"{where}: {blimp} and {ours} are the same column. Keep one of them.")
    return {ALIASES.get(name, name): value for name, value in row.items()}


def _string(name: str, value: object, where: str) -> str:
    """A sentence as it is written, any other text with its white space collapsed."""
    if name == "pair_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise PairsError(f"{where}: {name} is {value!r}, text was expected. Put it in quotes.")
    if not value.strip():
        remedy = "Write the sentence." if name in SENTENCES else "Write it, or leave it out."
        raise PairsError(f"{where}: {name} is empty. {remedy}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise PairsError(f"{where}: {name} holds half of a surrogate pair ({value!a}). Write the whole character.")
    return value if name in SENTENCES else " ".join(value.split())


def _gap(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_GAP:
        raise PairsError(f"{where}: gap is {value!r}, a whole number of words from 0 to {MAX_GAP} was expected.")
    return value


def _anchor(value: object, where: str) -> bool:
    if value not in (None, SENTENCE_END):
        raise PairsError(f"{where}: anchor is {value!r}. Write {SENTENCE_END}, or leave it out.")
    return value == SENTENCE_END


def _check_phrases(pair: MinimalPair, where: str) -> None:
    phrases = [phrase for phrase in (pair.phrase_good, pair.phrase_bad) if phrase is not None]
    if not phrases and (pair.gap or pair.sentence_end or any(getattr(pair, name) for name in WORDS)):
        raise PairsError(
            f"{where}: gap, anchor and the critical and context words belong to a phrase, and the row has none. "
            "Add phrase_good or phrase_bad, or leave them out and write a rule."
        )
    for phrase in phrases:
        if pair.sentence_end and phrase[-1] in ".?!":
            raise PairsError(f"{where}: {phrase!r} already has its sentence end. Leave off the {phrase[-1]!r}.")
        try:
            Phrase(phrase, pair.gap, pair.sentence_end)
        except PairsError as error:
            raise PairsError(f"{where}: {error}") from error


def _check_words(pair: MinimalPair, where: str) -> None:
    """A word that its sentence does not hold is a slip of the pen that would cost a measurement later."""
    for name in WORDS:
        word = getattr(pair, name)
        if word is None:
            continue
        sides = [name.removeprefix("critical_word_").removeprefix("context_word_")]
        sentences = [getattr(pair, f"sentence_{side}") for side in (("good", "bad") if name in SHARED_WORDS else sides)]
        if not any(holds(sentence, word) for sentence in sentences):
            which = "neither sentence holds it" if name in SHARED_WORDS else f"sentence_{sides[0]} does not hold it"
            raise PairsError(f"{where}: {name} is {word!r}, and {which}. Write it as it stands there.")


def holds(sentence: str, text: str) -> bool:
    """Whether `text` stands in `sentence`, compared as matching compares by default."""
    rule = MatchRule()
    return canonical(text, rule) in canonical(sentence, rule)
