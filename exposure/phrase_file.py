"""The phrase file, phrases.parquet: every critical phrase of a set of pairs, and where it came from.

One row for each side of each pair. docs/pairs.md describes the columns; they are a public interface.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.errors import PairsError
from exposure.pair_rows import MAX_GAP
from exposure.phrases import SENTENCE_END, CriticalPhrase, Phrase, PhraseClass, Side, anchor_name

FORMAT_VERSION = 1

METADATA_KEY = b"exposure"
"""Under it the file's metadata hold the provenance, a JSON object."""

SCHEMA = pa.schema([
    pa.field("uid", pa.string(), nullable=False),
    pa.field("pair_id", pa.string(), nullable=False),
    pa.field("side", pa.string(), nullable=False),
    pa.field("phrase", pa.string()),
    pa.field("critical_word", pa.string()),
    pa.field("context_word", pa.string()),
    pa.field("critical_index", pa.int32()),
    pa.field("context_index", pa.int32()),
    pa.field("gap", pa.int32()),
    pa.field("anchor", pa.string()),
    pa.field("class", pa.string()),
    pa.field("flags", pa.list_(pa.field("element", pa.string())), nullable=False),
    pa.field("reason", pa.string()),
    pa.field("phenomenon", pa.string()),
])  # fmt: skip

Row = dict[str, Any]


REMEDY = "Make it with exposure phrases."


def write_phrases(
    path: str | os.PathLike[str], rows: Iterable[CriticalPhrase], provenance: Mapping[str, object]
) -> None:
    """Write `rows` in their order, with `provenance` (JSON values) in the metadata: same arguments, same bytes.

    Raises PairsError when no row has a phrase: nobody could look for anything.
    """
    rows = list(rows)
    if all(row.phrase is None for row in rows):
        raise PairsError(
            f"{path} was not written: {len(rows)} rows, and no phrase to look for. Add a paradigm that has phrases "
            "(exposure phrases --report shows which have)."
        )
    note = {**provenance, "format_version": FORMAT_VERSION}
    metadata = {METADATA_KEY: json.dumps(note, sort_keys=True).encode()}
    try:
        table = pa.Table.from_pylist([_row(row) for row in rows], schema=SCHEMA.with_metadata(metadata))
    except UnicodeEncodeError as error:
        raise PairsError(
            f"{path} was not written: {error.object!a} holds half of a surrogate pair. Correct it."
        ) from error
    with atomic_write(path) as partial:
        pq.write_table(table, partial, compression="zstd")


def _row(row: CriticalPhrase) -> Row:
    phrase = row.phrase
    return {
        "uid": row.uid,
        "pair_id": row.pair_id,
        "side": row.side,
        "phrase": None if phrase is None else phrase.text,
        "critical_word": row.critical_word,
        "context_word": row.context_word,
        "critical_index": row.critical_index,
        "context_index": row.context_index,
        "gap": phrase.gap if phrase is not None and phrase.gap else None,
        "anchor": None if phrase is None else anchor_name(phrase.sentence_end),
        "class": row.phrase_class,
        "flags": list(row.flags),
        "reason": row.reason,
        "phenomenon": row.phenomenon,
    }


def read_phrases(path: str | os.PathLike[str]) -> list[CriticalPhrase]:
    """The rows of a phrase file, in its order; raises PairsError when it is damaged, another file, or has no phrase."""
    rows: list[CriticalPhrase] = []
    places: dict[tuple[str, str, str], int] = {}
    for number, row in enumerate(phrase_table(Path(path)).to_pylist()):
        where = f"{path}, row {number}"
        rows.append(_critical_phrase(row, where))
        first = places.setdefault((row["uid"], row["pair_id"], row["side"]), number)
        if first != number:
            raise PairsError(f"{where}: {row['uid']}/{row['pair_id']} {row['side']} is row {first} already. {REMEDY}")
    if all(row.phrase is None for row in rows):
        raise PairsError(f"{path} has no phrase to look for: {len(rows)} rows, none with a phrase. {REMEDY}")
    return rows


def read_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a phrase file was made from: inputs with sha256, rules, the version of exposure, format_version."""
    return _provenance(Path(path), phrase_table(Path(path)))


def phrase_table(path: Path) -> pa.Table:
    """The columns of a phrase file; raises PairsError when it is damaged or another file. Values are not checked."""
    try:
        if not path.is_file():
            raise PairsError(f"{path} does not exist, or is no file. {REMEDY}")
        with pq.ParquetFile(path) as file:
            table = file.read()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise PairsError(
            f"{path} is not a Parquet file, or is damaged ({str(error).splitlines()[0]}). {REMEDY}"
        ) from error
    given, wanted = ([f"{field.name}: {field.type}" for field in schema] for schema in (table.schema, SCHEMA))
    if given != wanted:
        raise PairsError(
            f"{path} is no phrase file. Its columns are {', '.join(given) or 'none'}; expected, in this order: "
            f"{', '.join(wanted)}. {REMEDY}"
        )
    _provenance(path, table)
    return table


def _provenance(path: Path, table: pa.Table) -> dict[str, Any]:
    try:
        note = json.loads((table.schema.metadata or {})[METADATA_KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise PairsError(f"{path} does not say what it was made from (metadata {METADATA_KEY!r}). {REMEDY}") from error
    version = note.get("format_version") if isinstance(note, dict) else None
    if version != FORMAT_VERSION:
        raise PairsError(f"{path} has format version {version}; this exposure reads {FORMAT_VERSION}. {REMEDY}")
    return dict(note)


def _critical_phrase(row: Row, where: str) -> CriticalPhrase:
    _check(row, where)
    phrase = None
    if row["phrase"] is not None:
        try:
            phrase = Phrase(row["phrase"], row["gap"] or 0, row["anchor"] is not None)
        except PairsError as error:
            raise PairsError(f"{where}: {error} {REMEDY}") from error
    return CriticalPhrase(
        uid=row["uid"],
        pair_id=row["pair_id"],
        side=row["side"],
        phrase=phrase,
        critical_word=row["critical_word"],
        context_word=row["context_word"],
        critical_index=row["critical_index"],
        context_index=row["context_index"],
        phrase_class=row["class"],
        flags=tuple(row["flags"]),
        reason=row["reason"],
        phenomenon=row["phenomenon"],
    )


def _check(row: Row, where: str) -> None:
    """Refuse values that the types allow and the format does not."""
    for column, is_allowed, expected in CHECKS:
        if not is_allowed(row[column]):
            raise PairsError(f"{where}: {column} is {row[column]!r}, expected was {expected}. {REMEDY}")
    if row["phrase"] is None and (row["gap"] is not None or row["anchor"] is not None):
        raise PairsError(f"{where}: there is a gap or an anchor, but no phrase. {REMEDY}")


def _is_index(value: object) -> bool:
    return value is None or (isinstance(value, int) and value >= 0)


CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("uid", bool, "the name of a paradigm"),
    ("pair_id", bool, "the name of a pair"),
    ("side", lambda value: value in get_args(Side), "good or bad"),
    ("critical_index", _is_index, "null or a word's number from 0"),
    ("context_index", _is_index, "null or a word's number from 0"),
    ("gap", lambda value: value is None or 1 <= value <= MAX_GAP, f"null or 1 to {MAX_GAP} words"),
    ("anchor", lambda value: value in (None, SENTENCE_END), f"null or {SENTENCE_END}"),
    ("class", lambda value: value in (None, *get_args(PhraseClass)), f"null or one of {get_args(PhraseClass)}"),
    ("flags", lambda value: value is not None and None not in value, "a list of texts"),
)
"""(column, whether a value is allowed, what was expected)."""
