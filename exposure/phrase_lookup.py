"""Finding the rows of phrases by their text, in bulk."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

import duckdb
import pyarrow as pa

from exposure.folding import canonical
from exposure.phrases import MatchRule

PHRASE_COLUMNS = (
    "phrase_id, phrase, gap, sentence_end, group_id, count, first_batch, first_sequence, first_token, first_document, "
    "first_offset, first_document_offset, last_batch"
)

PhraseRow = dict[str, Any]
"""PHRASE_COLUMNS of one phrase, by name."""


def look_up(cursor: duckdb.DuckDBPyConnection, rule: MatchRule, phrases: Sequence[str]) -> list[list[PhraseRow]]:
    """The rows of `phrases` for each text: as it is folded, else in Unicode's composed or decomposed form.

    A text may be indexed in several forms (plain, before a sentence end, as a gap pattern), hence lists.
    """
    found: list[list[PhraseRow]] = [[] for _ in phrases]
    for form in (None, "NFC", "NFD"):
        texts = {place: _in_form(phrases[place], form) for place, rows in enumerate(found) if not rows}
        if form is not None:
            texts = {place: text for place, text in texts.items() if text != phrases[place]}
        if texts:
            _look_up_exactly(cursor, {place: look_up_key(text, rule) for place, text in texts.items()}, found)
    return found


def look_up_key(text: str, rule: MatchRule) -> str:
    """What `text` is looked up by; nothing is indexed under the empty key of a text that is no Unicode."""
    key = canonical(text, rule)
    try:
        key.encode()
    except UnicodeEncodeError:
        return ""
    return key


def _in_form(text: str, form: Literal["NFC", "NFD"] | None) -> str:
    return text if form is None else unicodedata.normalize(form, text)


def _look_up_exactly(cursor: duckdb.DuckDBPyConnection, keys: dict[int, str], found: list[list[PhraseRow]]) -> None:
    """Add the rows of each key to its place in `found`."""
    asked = pa.table({"place": pa.array(keys, pa.int64()), "phrase": pa.array(keys.values(), pa.string())})
    cursor.register("asked", asked)
    cursor.execute(f"SELECT place, {PHRASE_COLUMNS} FROM asked JOIN phrases USING (phrase) ORDER BY place, phrase_id")
    names = [column[0] for column in cursor.description or []]
    for row in cursor.fetchall():
        found[row[0]].append(dict(zip(names, row, strict=True)))
