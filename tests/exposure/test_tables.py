"""Tables for people, and machine formats read back by other readers."""

import csv
import io
import json
import unicodedata
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import UsageError
from exposure.tables import FORMATS, emit, table

NASTY = st.text(
    alphabet=st.sampled_from("a,;\"'\\\n\r\t\x00\x1b\x7f\u200e\u202e\u2028é中\u0301\udcff… ") | st.characters()
)
STRICT = st.text(alphabet=st.sampled_from("a,;\"'\\\n\r\t\x1b\u202e\u2028é中… "))


def written(
    rows: list[dict[str, object]], columns: tuple[str, ...], format: str, capsys: pytest.CaptureFixture[str]
) -> str:
    """What emit() puts on standard output."""
    emit(rows, columns, format)
    return capsys.readouterr().out


def test_table_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers to the right with separators, unknown as a dash, truth as yes and no, lists joined."""
    rows: list[dict[str, object]] = [
        {"phrase": "the cats", "count": 1234567, "seen": True, "share": 0.123456, "steps": [1, 2000]},
        {"phrase": "中文", "count": None, "seen": False, "share": 2.0, "steps": []},
    ]
    lines = written(rows, ("phrase", "count", "seen", "share", "steps"), "table", capsys).splitlines()
    assert lines == [
        "phrase        count  seen   share  steps",
        "────────  ─────────  ────  ──────  ────────",
        "the cats  1,234,567  yes   0.1235  1, 2,000",
        "中文              –  no         2  –",
    ]


@pytest.mark.parametrize("format", ["table", "jsonl", "csv"])
def test_no_rows(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty answer has its headings and nothing else."""
    expected = {"table": "a  b\n─  ─\n", "jsonl": "", "csv": "a,b\n"}
    assert written([], ("a", "b"), format, capsys) == expected[format]


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_text_moves_the_cursor_or_breaks_a_line(texts: list[str]) -> None:
    """A table has one line for each row whatever the texts hold, and nothing that a terminal would obey."""
    printed = table([{"a": text, "b": "x"} for text in texts], ("a", "b"))
    assert printed.count("\n") == len(printed.splitlines()) == len(texts) + 2
    kinds = {unicodedata.category(character) for character in printed.replace("\n", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    printed.encode()


def test_combining_marks_take_no_column() -> None:
    """Marks that combine are not counted, be their combining class zero or not; wide characters count two."""
    rows = [{"a": text, "b": "|"} for text in ("cafe\u0301", "กั้", "中", "x\ufe0f")]
    assert table(rows, ("a", "b")).splitlines()[2:] == ["cafe\u0301  |", "กั้     |", "中    |", "x\ufe0f     |"]


@given(st.lists(st.tuples(NASTY, st.none() | st.integers() | st.booleans() | NASTY), max_size=4))
def test_jsonl_is_one_object_a_line(values: list[tuple[str, object]]) -> None:
    """Every value comes back from JSON, one line for each row; what is no character comes back as it was."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        emit([{"a": a, "b": b} for a, b in values], ("a", "b"), "jsonl")
    out.getvalue().encode()
    assert [tuple(json.loads(line).values()) for line in out.getvalue().split("\n")[:-1]] == values


@given(st.lists(st.tuples(STRICT, st.none() | STRICT), max_size=4))
def test_csv_is_read_back_by_a_csv_reader(values: list[tuple[str, str | None]]) -> None:
    """Commas, quotes and line breaks of every kind stay inside their field."""
    out = io.StringIO(newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        emit([{"a": a, "b": b} for a, b in values], ("a", "b"), "csv")
    read = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert read == [["a", "b"], *([a, b or ""] for a, b in values)]


def test_csv_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Truth in lower case, lists as JSON, unknown empty, and no more columns than asked for."""
    rows: list[dict[str, object]] = [{"a": True, "b": ["x", 1], "c": None, "d": 1.5, "hidden": 7}]
    assert written(rows, ("a", "b", "c", "d"), "csv", capsys) == 'a,b,c,d\ntrue,"[""x"", 1]",,1.5\n'


def test_lone_surrogate_is_written_escaped(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A half of a pair, as a shell's invalid UTF-8 becomes, is answered in every text format and to a file."""
    for format in ("table", "jsonl", "csv"):
        assert "\\udcff" in written([{"a": "x\udcff"}], ("a",), format, capsys)
        emit([{"a": "x\udcff"}], ("a",), format, str(tmp_path / format))
        assert "\\udcff" in (tmp_path / format).read_text(encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_file_holds_what_was_asked_for(format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--out writes the same answer to a file, whole, and prints nothing; Parquet keeps its types."""
    rows: list[dict[str, object]] = [{"n": 1, "t": "é\n", "z": None}, {"n": 2, "t": "x", "z": None}]
    path = tmp_path / "answer"
    emit(rows, ("n", "t", "z"), format, str(path))
    assert capsys.readouterr().out == ""
    assert [one.name for one in tmp_path.iterdir()] == ["answer"]
    if format == "parquet":
        assert pq.read_table(path).to_pylist() == rows
    else:
        assert path.read_bytes().decode() == written(rows, ("n", "t", "z"), format, capsys)


def test_parquet_is_not_printed() -> None:
    """Bytes do not go to a terminal: the error says how to get them."""
    with pytest.raises(UsageError, match="--out FILE"):
        emit([{"a": 1}], ("a",), "parquet")


@pytest.mark.parametrize("values", [[1, "x"], ["x\udcff"], [{"a": object()}]])
def test_parquet_that_cannot_hold_the_values_is_an_error(values: list[object], tmp_path: Path) -> None:
    """Mixed types and half characters are refused with a sentence, and no file is left."""
    with pytest.raises(UsageError, match="Parquet"):
        emit([{"a": value} for value in values], ("a",), "parquet", str(tmp_path / "x"))
    assert not list(tmp_path.iterdir())


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """--out into a missing folder is refused, whatever the format."""
    for format in FORMATS:
        with pytest.raises(UsageError, match="does not exist"):
            emit([{"a": 1}], ("a",), format, str(tmp_path / "no" / "x"))


def test_other_values_are_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Dates and the like are printed by their own name."""
    assert "2024-02-29" in written([{"a": date(2024, 2, 29)}], ("a",), "table", capsys)
