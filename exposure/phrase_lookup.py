"""Finding the rows of phrases by their text, one as well as 100,000: Arrow in, Arrow out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exposure.bulk_folding import canonical_of_all
from exposure.folding import canonical
from exposure.phrase_blocks import FORM_COLUMNS, PHRASE_COLUMNS, IndexedForm, PhraseBlocks, table_of
from exposure.phrase_index import PhraseIndex
from exposure.phrases import MatchRule

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
        self._blocks: PhraseBlocks | None = None
        self._index: PhraseIndex | None = None

    def find(self, cursor: duckdb.DuckDBPyConnection, texts: pa.StringArray) -> pa.Table:
        """`place` (in `texts`) and PHRASE_COLUMNS of each text that is indexed, by place and phrase_id.

        A text is found as it is folded, else in Unicode's composed, else in its decomposed form; null never. It may
        be indexed in several forms (plain, before a sentence end, as a gap pattern), and then has a row for each.
        """
        if len(texts) <= FEW:
            return self._find_few(cursor, texts)
        found = [self._find_exactly(cursor, np.arange(len(texts)), texts)]
        for form in ("NFC", "NFD"):
            places, others = _in_form(texts, found, form)
            if len(places):
                found.append(self._find_exactly(cursor, places, others))
        return _in_order(pa.concat_tables(found) if len(found) > 1 else found[0])

    def forms_of(self, cursor: duckdb.DuckDBPyConnection, text: str) -> list[IndexedForm]:
        """Every form in which `text` is indexed, by phrase_id; found as `find` finds it, what is no Unicode never."""
        return [IndexedForm(*row) for row in self._rows_of(cursor, text, FORM_COLUMNS)] if _is_unicode(text) else []

    def _find_exactly(self, cursor: duckdb.DuckDBPyConnection, places: Places, texts: pa.StringArray) -> pa.Table:
        keys = canonical_of_all(texts, self._rule)
        if self._index is None and (len(keys) < MANY or self._phrases > LARGEST_INDEX):
            found = _find_by_join(cursor, keys)
        else:
            found = _find_by_index(cursor, keys, self._index_of(cursor))
        return found.set_column(0, "place", pa.array(places.take(found["place"].to_numpy())))

    def _find_few(self, cursor: duckdb.DuckDBPyConnection, texts: pa.StringArray) -> pa.Table:
        """The same for a few, without the outlay that pays for many."""
        found = []
        for place, text in enumerate(texts.to_pylist()):
            if text is not None:
                found += [(place, *row) for row in self._rows_of(cursor, text, PHRASE_COLUMNS)]
        return table_of(found)

    def _rows_of(self, cursor: duckdb.DuckDBPyConnection, text: str, columns: str) -> list[tuple[Any, ...]]:
        blocks = self._blocks_of(cursor)
        for form in _forms(text):
            if rows := blocks.rows_of(cursor, canonical(form, self._rule), columns):
                return rows
        return []

    def _blocks_of(self, cursor: duckdb.DuckDBPyConnection) -> PhraseBlocks:
        with self._lock:
            if self._blocks is None:
                self._blocks = PhraseBlocks.of(cursor)
            return self._blocks

    def _index_of(self, cursor: duckdb.DuckDBPyConnection) -> PhraseIndex:
        with self._lock:
            if self._index is None:
                self._index = PhraseIndex.of(cursor)
            return self._index


def _find_by_join(cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray) -> pa.Table:
    cursor.register("asked", pa.table({"place": np.arange(len(keys)), "phrase": keys}))
    return cursor.sql(f"SELECT place, {PHRASE_COLUMNS} FROM asked JOIN phrases USING (phrase)").to_arrow_table()


def _find_by_index(cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray, index: PhraseIndex) -> pa.Table:
    places, phrase_ids = index.candidates(cursor, keys)
    cursor.register("wanted", pa.table({"phrase_id": phrase_ids}))
    query = f"SELECT {PHRASE_COLUMNS} FROM phrases WHERE phrase_id IN (SELECT phrase_id FROM wanted)"
    rows = cursor.sql(query).to_arrow_table().combine_chunks()
    row_of = np.zeros(len(index.phrase_ids), np.int64)
    row_of[rows["phrase_id"].to_numpy()] = np.arange(rows.num_rows)
    wanted = pa.array(row_of[phrase_ids])
    columns = [column.chunk(0).take(wanted) if column.num_chunks else column for column in rows.columns]
    found = pa.table([pa.array(places), *columns], names=["place", *rows.column_names])
    is_same = pc.equal(found["phrase"], keys if len(places) == len(keys) else keys.take(pa.array(places)))
    return found if pc.all(is_same).as_py() else found.filter(is_same)


def _forms(text: str) -> Iterator[str]:
    """`text`, and where they differ from it its composed and its decomposed form."""
    yield text
    if not text.isascii():
        forms = (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
        yield from (form for form in forms if form != text)


def _in_form(
    texts: pa.StringArray, found: Iterable[pa.Table], form: Literal["NFC", "NFD"]
) -> tuple[Places, pa.StringArray]:
    """(places, texts in `form`) of what was not found yet and is another text in that form. ASCII never is."""
    is_open = np.asarray(pc.invert(pc.string_is_ascii(texts)).fill_null(False))
    if not is_open.any():
        return np.empty(0, np.int64), texts
    is_open = is_open.copy()
    for table in found:
        is_open[table["place"].to_numpy()] = False
    places = np.flatnonzero(is_open)
    given = texts.take(pa.array(places)).to_pylist()
    formed = [unicodedata.normalize(form, text) for text in given]
    is_other = np.array([one != text for one, text in zip(formed, given, strict=True)], dtype=bool)
    return places[is_other], pa.array(formed, pa.string()).filter(pa.array(is_other))


def _in_order(found: pa.Table) -> pa.Table:
    """Rows by (place, phrase_id), where they are not so already."""
    place = found["place"].to_numpy()
    if (np.diff(place) > 0).all():
        return found.combine_chunks()
    order = np.lexsort((found["phrase_id"].to_numpy(), place))
    return found.combine_chunks().take(pa.array(order))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
