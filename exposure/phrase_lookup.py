"""Finding the rows of phrases by their text, one as well as 100,000: Arrow in, Arrow out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exposure.bulk_folding import canonical_of_all
from exposure.phrase_index import PhraseIndex
from exposure.phrases import MatchRule

PHRASE_COLUMNS = (
    "phrase_id, phrase, gap, sentence_end, group_id, count, first_batch, first_sequence, first_token, first_document, "
    "first_offset, first_document_offset, last_batch"
)
FEW = 8
"""So many texts are looked up one by one, each in the part of the sorted table where it must stand."""

MANY = 5_000
"""For so many texts an index is made, unless the generation has more than LARGEST_INDEX phrases (200 MB)."""

LARGEST_INDEX = 1 << 24

Places = npt.NDArray[np.int64]


def text_array(texts: Sequence[str | None]) -> pa.StringArray:
    """`texts` as Arrow holds them: those that are no Unicode (halves of surrogate pairs) become null."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([text if text is None or _is_unicode(text) else None for text in texts], pa.string())


class PhraseLookup:
    """The phrases of one generation, which are `phrases` in number. Threads may share it, each with its own cursor."""

    def __init__(self, rule: MatchRule, phrases: int) -> None:
        self._rule = rule
        self._phrases = phrases
        self._lock = Lock()
        self._index: PhraseIndex | None = None

    def find(self, cursor: duckdb.DuckDBPyConnection, texts: pa.StringArray) -> pa.Table:
        """`place` (in `texts`) and PHRASE_COLUMNS of each text that is indexed, by place and phrase_id.

        A text is found as it is folded, else in Unicode's composed, else in its decomposed form; null never. It may
        be indexed in several forms (plain, before a sentence end, as a gap pattern), and then has a row for each.
        """
        found = [self._find_exactly(cursor, np.arange(len(texts)), texts)]
        for form in ("NFC", "NFD"):
            places, others = _in_form(texts, found, form)
            if len(places):
                found.append(self._find_exactly(cursor, places, others))
        return _in_order(pa.concat_tables(found) if len(found) > 1 else found[0])

    def _find_exactly(self, cursor: duckdb.DuckDBPyConnection, places: Places, texts: pa.StringArray) -> pa.Table:
        keys = canonical_of_all(texts, self._rule)
        if len(keys) <= FEW:
            found = _find_few(cursor, keys)
        elif self._index is None and (len(keys) < MANY or self._phrases > LARGEST_INDEX):
            found = _find_by_join(cursor, keys)
        else:
            found = _find_by_index(cursor, keys, self._index_of(cursor))
        return found.set_column(0, "place", pa.array(places.take(found["place"].to_numpy())))

    def _index_of(self, cursor: duckdb.DuckDBPyConnection) -> PhraseIndex:
        with self._lock:
            if self._index is None:
                self._index = PhraseIndex.of(cursor)
            return self._index


def _find_few(cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray) -> pa.Table:
    query = f"SELECT $place::BIGINT AS place, {PHRASE_COLUMNS} FROM phrases WHERE phrase = $key"
    asked = [{"place": place, "key": key} for place, key in enumerate(keys.to_pylist())]
    found = [cursor.sql(query, params=one).to_arrow_table() for one in asked or [{"place": 0, "key": None}]]
    return pa.concat_tables(found)


def _find_by_join(cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray) -> pa.Table:
    cursor.register("asked", pa.table({"place": np.arange(len(keys)), "phrase": keys}))
    return cursor.sql(f"SELECT place, {PHRASE_COLUMNS} FROM asked JOIN phrases USING (phrase)").to_arrow_table()


def _find_by_index(cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray, index: PhraseIndex) -> pa.Table:
    places, phrase_ids = index.candidates(cursor, keys)
    wanted, row = np.unique(phrase_ids, return_inverse=True)
    cursor.register("wanted", pa.table({"phrase_id": wanted}))
    rows = cursor.sql(
        f"SELECT {PHRASE_COLUMNS} FROM phrases WHERE phrase_id IN (SELECT phrase_id FROM wanted)"
    ).to_arrow_table()
    return rows
