"""The phrase file: what is written comes back, and what is wrong is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import PairsError, UsageError
from exposure.pair_rows import MAX_GAP
from exposure.phrase_file import METADATA_KEY, SCHEMA, read_phrases, read_provenance, write_phrases
from exposure.phrases import CriticalPhrase, Phrase, PhraseClass

ROWS = [
    CriticalPhrase(
        "p", "0", "good", Phrase("cats are"), "are", "cats", 2, 1, "A", ("degenerate", "x"), None, "agreement"
    ),
    CriticalPhrase("p", "0", "bad", Phrase("girl … herself", gap=5), phrase_class="D"),
    CriticalPhrase("p", "1", "good", Phrase("had left", sentence_end=True), phrase_class="B$"),
    CriticalPhrase("p", "1", "bad", None, phrase_class="E", reason="why"),
]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
WORD = TEXT.filter(lambda text: text.strip() and "…" not in text)
PHRASES = st.one_of(
    st.none(),
    st.builds(Phrase, WORD, sentence_end=st.booleans()),
    st.builds(lambda a, b, gap: Phrase(f"{a} … {b}", gap=gap), WORD, WORD, st.integers(1, MAX_GAP)),
)
CRITICAL_PHRASES = st.builds(
    CriticalPhrase, TEXT, TEXT, st.sampled_from(["good", "bad"]), PHRASES, st.none() | TEXT, st.none() | TEXT,
    st.none() | st.integers(0, 2**31 - 1), st.none() | st.integers(0, 2**31 - 1),
    st.none() | st.sampled_from(get_args(PhraseClass)), st.lists(TEXT, max_size=3).map(tuple), st.none() | TEXT,
    st.none() | TEXT,
)  # fmt: skip


@given(
    st.lists(CRITICAL_PHRASES, min_size=1, max_size=6, unique_by=lambda row: (row.uid, row.pair_id, row.side)).filter(
        lambda rows: any(row.phrase for row in rows)
    )
)
def test_rows_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, rows: list[CriticalPhrase]) -> None:
    """Any rows come back equal and in their order."""
    file = tmp_path_factory.mktemp("round") / "phrases.parquet"
    write_phrases(file, rows, {})
    assert read_phrases(file) == rows


def test_columns_are_the_public_interface(tmp_path: Path) -> None:
    """DuckDB, which knows nothing of us, sees the documented columns, types and values."""
    file = tmp_path / "phrases.parquet"
    write_phrases(file, ROWS, {})
    table = duckdb.read_parquet(str(file))
    assert list(zip(table.columns, map(str, table.types), strict=True)) == [
        ("uid", "VARCHAR"), ("pair_id", "VARCHAR"), ("side", "VARCHAR"), ("phrase", "VARCHAR"),
        ("critical_word", "VARCHAR"), ("context_word", "VARCHAR"), ("critical_index", "INTEGER"),
        ("context_index", "INTEGER"), ("gap", "INTEGER"), ("anchor", "VARCHAR"), ("class", "VARCHAR"),
        ("flags", "VARCHAR[]"), ("reason", "VARCHAR"), ("phenomenon", "VARCHAR"),
    ]  # fmt: skip
    none = (None,) * 4
    assert table.fetchall() == [
        ("p", "0", "good", "cats are", "are", "cats", 2, 1, None, None, "A", ["degenerate", "x"], None, "agreement"),
        ("p", "0", "bad", "girl … herself", *none, 5, None, "D", [], None, None),
        ("p", "1", "good", "had left", *none, None, "sentence_end", "B$", [], None, None),
        ("p", "1", "bad", None, *none, None, None, "E", [], "why", None),
    ]


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    """Writing twice gives the same bytes, in whatever order the provenance was put together."""
    for name, provenance in (("a", {"x": 1, "y": "ü"}), ("b", {"y": "ü", "x": 1})):
        write_phrases(tmp_path / name, iter(ROWS), provenance)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in "ab"}
    assert len(digests) == 1


def test_provenance_comes_back(tmp_path: Path) -> None:
    """The provenance is in the file's metadata, with the version of the format."""
    file = tmp_path / "phrases.parquet"
    write_phrases(file, ROWS, {"inputs": [{"file": "ü.csv", "sha256": "0f"}], "rules": None})
    expected = {"inputs": [{"file": "ü.csv", "sha256": "0f"}], "rules": None, "format_version": 1}
    assert read_provenance(file) == expected
    assert json.loads(pq.read_schema(file).metadata[b"exposure"]) == expected


def test_nothing_to_look_for_is_not_written(tmp_path: Path) -> None:
    """Rows without any phrase are refused, and no file appears."""
    with pytest.raises(PairsError, match="was not written: 1 rows, and no phrase to look for"):
        write_phrases(tmp_path / "x.parquet", ROWS[3:], {})
    assert not list(tmp_path.iterdir())


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist is named."""
    with pytest.raises(UsageError, match="Make it first"):
        write_phrases(tmp_path / "no" / "x.parquet", ROWS, {})


def test_half_a_character_is_not_written(tmp_path: Path) -> None:
    """Text that no file can hold is refused."""
    with pytest.raises(PairsError, match=r"'\\ud800' holds half of a surrogate pair"):
        write_phrases(tmp_path / "x.parquet", [CriticalPhrase("p", "0", "good", Phrase("\ud800"))], {})


# What is refused


def write_raw(file: Path, rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA, note: object = None) -> Path:
    """A Parquet file that `write_phrases` would not write."""
    metadata = {METADATA_KEY: json.dumps({"format_version": 1} if note is None else note).encode()}
    pq.write_table(pa.Table.from_pylist(rows, schema=schema.with_metadata(metadata)), file)
    return file


def raw(**change: object) -> dict[str, Any]:
    """One good row of the file, with changes."""
    nothing = dict.fromkeys(SCHEMA.names)
    return nothing | {"uid": "p", "pair_id": "0", "side": "good", "phrase": "a", "flags": []} | change


def refused(file: Path) -> str:
    """What reading answers; it must be a PairsError that names the file and the remedy."""
    with pytest.raises(PairsError) as caught:
        read_phrases(file)
    assert str(caught.value).startswith(str(file))
    assert str(caught.value).endswith("Make it with exposure phrases.")
    return str(caught.value)


LOOSE = pa.schema([pa.field(field.name, field.type) for field in SCHEMA])
"""The schema without its `not null`."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"uid": None}, "uid is None, expected was the name of a paradigm"),
        ({"uid": ""}, "uid is ''"),
        ({"pair_id": None}, "pair_id is None"),
        ({"side": "middle"}, "side is 'middle', expected was good or bad"),
        ({"side": None}, "side is None"),
        ({"phrase": " "}, "A phrase is empty"),
        ({"gap": 2}, "is not of the form"),
        ({"gap": 0, "phrase": "a … b"}, "gap is 0, expected was null or 1 to"),
        ({"gap": MAX_GAP + 1, "phrase": "a … b"}, f"gap is {MAX_GAP + 1}"),
        ({"gap": 2, "phrase": "a … b", "anchor": "sentence_end"}, "wants a sentence end"),
        ({"anchor": "end"}, "anchor is 'end', expected was null or sentence_end"),
        ({"class": "F"}, "class is 'F', expected was null or one of ('A',"),
        ({"critical_index": -1}, "critical_index is -1"),
        ({"context_index": -5}, "context_index is -5"),
        ({"flags": None}, "flags is None"),
        ({"flags": ["a", None]}, "flags is ['a', None]"),
        ({"phrase": None, "gap": 2}, "there is a gap or an anchor, but no phrase"),
        ({"phrase": None, "anchor": "sentence_end"}, "there is a gap or an anchor, but no phrase"),
        ({"pair_id": "first"}, "p/first good is row 0 already"),
    ],
)
def test_wrong_row(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """A row that the format does not allow is refused with its number."""
    file = write_raw(tmp_path / "x.parquet", [raw(pair_id="first"), raw(**change)], LOOSE)
    answer = refused(file)
    assert ", row 1: " in answer
    assert message in answer


def test_no_phrase_at_all(tmp_path: Path) -> None:
    """A file without a single phrase is refused: every answer from it would be empty."""
    no_phrase = write_raw(tmp_path / "x.parquet", [raw(phrase=None)])
    assert "has no phrase to look for: 1 rows, none with a phrase" in refused(no_phrase)
    assert "has no phrase to look for: 0 rows" in refused(write_raw(tmp_path / "y.parquet", []))


def test_wrong_columns(tmp_path: Path) -> None:
    """A Parquet file with other columns, other types or another order is refused, and both lists are shown."""
    other = pa.schema([*SCHEMA][:-1])
    assert "is no phrase file. Its columns are uid: string, pair_id: string" in refused(
        write_raw(tmp_path / "x.parquet", [], other)
    )
    wide = SCHEMA.set(6, pa.field("critical_index", pa.int64()))
    assert "critical_index: int64" in refused(write_raw(tmp_path / "y.parquet", [], wide))
    turned = pa.schema([*SCHEMA][::-1])
    assert "is no phrase file" in refused(write_raw(tmp_path / "z.parquet", [], turned))


@pytest.mark.parametrize("content", [b"", b"uid,pair_id\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_not_parquet(tmp_path: Path, content: bytes) -> None:
    """A file that is no Parquet is refused."""
    (tmp_path / "x.parquet").write_bytes(content)
    assert "is not a Parquet file, or is damaged" in refused(tmp_path / "x.parquet")


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """A file of which only the beginning is left is refused, wherever it was cut."""
    write_phrases(tmp_path / "whole", ROWS, {})
    whole = (tmp_path / "whole").read_bytes()
    for end in range(0, len(whole), 97):
        (tmp_path / "cut").write_bytes(whole[:end])
        assert "is not a Parquet file, or is damaged" in refused(tmp_path / "cut")


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there, and a folder, are refused."""
    assert "does not exist, or is no file" in refused(tmp_path / "no.parquet")
    assert "does not exist, or is no file" in refused(tmp_path)
    assert "File name too long" in refused(tmp_path / ("a" * 300))


def test_without_provenance(tmp_path: Path) -> None:
    """A file that does not say what it was made from is refused."""
    pq.write_table(pa.Table.from_pylist([raw()], schema=SCHEMA), tmp_path / "x.parquet")
    assert "does not say what it was made from" in refused(tmp_path / "x.parquet")
    assert "format version None" in refused(write_raw(tmp_path / "y.parquet", [raw()], note=[1]))


def test_other_format_version(tmp_path: Path) -> None:
    """A file of another version of the format is refused, by both readers."""
    file = write_raw(tmp_path / "x.parquet", [raw()], note={"format_version": 2})
    assert "has format version 2; this exposure reads 1" in refused(file)
    with pytest.raises(PairsError, match="format version 2"):
        read_provenance(file)


def test_text_that_is_no_text(tmp_path: Path) -> None:
    """A string column with bytes that are no UTF-8 is noticed before anybody searches for them."""
    file = write_raw(tmp_path / "x.parquet", [raw(phrase="qqqqqqqq")])
    data = file.read_bytes()
    assert data.count(b"qqqqqqqq") >= 1
    file.write_bytes(data.replace(b"qqqqqqqq", b"q\xff\xfeqqqqq"))
    assert "is not a Parquet file, or is damaged" in refused(file)
