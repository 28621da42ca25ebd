"""Every form of an answer holds the same rows, from dataclasses and from Arrow, and is read back by other readers."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exposure import binary_encoding, encoding
from exposure.answer_batches import batch_of
from exposure.answer_schema import answer_schema
from exposure.encoding import ARROW, CSV, JSON, MEDIA, NDJSON, PARQUET, encoded
from exposure.tables import emit


class Colour(StrEnum):
    """An enumeration of strings."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Flat:
    """One row with every type of value that a column has."""

    text: str
    number: int | None
    share: float | None
    flag: bool | None
    colour: Colour | None


@dataclass(frozen=True, slots=True)
class Inner:
    """A row within a row."""

    name: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """A row with lists and objects."""

    names: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    inner: Inner | None
    inners: tuple[Inner, ...]


@dataclass(frozen=True, slots=True)
class Loose:
    """A row with an object that nobody knows the fields of."""

    name: str
    anything: dict[str, Any] | None


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"', ",", "\r", "\n", "\r\n", "=1+1", "\u2028", "\x00", "\x1f", "\x7f", " ", "a,b\r", "\\", "'", "", "\ud7ff"]
)
numbers = st.integers(-(2**63), 2**63 - 1)
shares = st.floats() | st.sampled_from(
    [0.0, -0.0, 1.0, 1e15, 1e16, 1e17, 123456789012345678.0, 1e22, 1e-4, 9.999e-5, 1e-5, 1e-7, 5e-324, 0.1, 1 / 3]
)
flats = st.builds(
    Flat, texts, st.none() | numbers, st.none() | shares, st.none() | st.booleans(), st.none() | st.just(Colour.RED)
)
inners = st.builds(Inner, texts, st.lists(numbers, max_size=3).map(tuple))
nesteds = st.builds(
    Nested, st.lists(texts, max_size=3).map(tuple), st.lists(st.tuples(numbers, numbers), max_size=2).map(tuple),
    st.none() | inners, st.lists(inners, max_size=2).map(tuple),
)  # fmt: skip


def whole(kind: type, answers: Any, media: str, envelope: dict[str, str] | None = None) -> bytes:
    """All parts of an answer."""
    return b"".join(encoded(kind, answers, media, envelope))


def arrow_of(kind: type, rows: list[Any]) -> pa.Table:
    """The rows as a table, made without the code under test."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=answer_schema(kind))


def known(row: Any) -> Any:
    """What JSON can say of a row: numbers that are none are null."""
    return json.loads(json.dumps(asdict(row)), parse_constant=lambda _: None)


@given(st.lists(flats, max_size=6))
@example([Flat("", None, None, None, None)])
@pytest.mark.parametrize("media", [JSON, NDJSON, CSV])
def test_text_is_the_same_from_dataclasses_and_from_arrow(media: str, rows: list[Flat]) -> None:
    """Byte for byte, whatever stands in texts and numbers, and however a table is cut into batches."""
    table = arrow_of(Flat, rows)
    expected = whole(Flat, rows, media, {})
    assert whole(Flat, table, media, {}) == expected
    assert whole(Flat, [one for row in table.to_batches() for one in (row.slice(0, 2), row.slice(2))], media, {}) == (
        expected
    )


@given(st.lists(nesteds, max_size=4))
@pytest.mark.parametrize("media", [JSON, NDJSON, CSV])
def test_lists_and_objects_are_the_same_from_dataclasses_and_from_arrow(media: str, rows: list[Nested]) -> None:
    """Also where rows stand within rows."""
    assert whole(Nested, arrow_of(Nested, rows), media, {}) == whole(Nested, rows, media, {})


@given(st.lists(flats | nesteds, max_size=4))
def test_json_and_ndjson_are_what_another_writer_writes(rows: list[Any]) -> None:
    """The rows as Python's own encoder puts them, one a line and within the envelope."""
    kind = type(rows[0]) if rows else Flat
    rows = [row for row in rows if type(row) is kind]
    lines = whole(kind, rows, NDJSON).decode().split("\n")
    assert lines == [*(json.dumps(known(row), ensure_ascii=False) for row in rows), ""]
    answer = json.loads(whole(kind, rows, JSON, {"a": "\u2028"}))
    assert answer == {"a": "\u2028", "answers": [known(row) for row in rows]}


@given(st.lists(flats, max_size=5))
def test_csv_is_read_back_by_a_csv_reader(rows: list[Flat]) -> None:
    """Every text stays in its field; null is empty; truth in lower case; lines end with a line feed."""
    content = whole(Flat, rows, CSV).decode()
    header, *read = csv.reader(io.StringIO(content, newline=""))
    assert header == ["text", "number", "share", "flag", "colour"]
    assert [line[0] for line in read] == [row.text for row in rows]
    assert [line[1] for line in read] == ["" if row.number is None else str(row.number) for row in rows]
    assert [line[2] for line in read] == ["" if row.share is None else repr(row.share) for row in rows]
    assert [line[3] for line in read] == ["" if row.flag is None else str(row.flag).lower() for row in rows]
    assert content.endswith("\n")
    assert not content.endswith("\r\n")


@dataclass(frozen=True, slots=True)
class Single:
    """A row of one field."""

    text: str | None


@given(st.lists(st.builds(Single, st.none() | texts), max_size=4))
def test_a_row_of_one_empty_field_is_a_row(rows: list[Single]) -> None:
    """An empty line would be no row to most readers."""
    assert whole(Single, rows, CSV) == whole(Single, arrow_of(Single, rows), CSV)
    _, *read = csv.reader(io.StringIO(whole(Single, rows, CSV).decode(), newline=""))
    assert read == [[row.text or ""] for row in rows]


@given(st.lists(flats | nesteds, max_size=5))
@pytest.mark.parametrize("media", [ARROW, PARQUET])
def test_arrow_and_parquet_hold_the_rows_with_the_types_of_their_fields(media: str, rows: list[Any]) -> None:
    """Whatever values are there, or none; from dataclasses and from Arrow alike."""
    kind = type(rows[0]) if rows else Flat
    rows = [row for row in rows if type(row) is kind]
    for answers in (rows, arrow_of(kind, rows)):
        table = read(whole(kind, answers, media), media)
        assert table.schema.equals(answer_schema(kind))
        assert repr(table.to_pylist()) == repr(arrow_of(kind, rows).to_pylist())  # NaN is not equal to itself


def read(content: bytes, media: str) -> pa.Table:
    """What another program reads."""
    if media == PARQUET:
        return pq.read_table(io.BytesIO(content))
    with pa.ipc.open_stream(content) as stream:
        return stream.read_all()


def test_objects_without_known_fields_are_objects_in_json_and_their_text_elsewhere() -> None:
    """A request within a job has the fields that it has."""
    rows = [Loose("a", {"n": [1, None], "t": "é"}), Loose("b", None)]
    assert [json.loads(line) for line in whole(Loose, rows, NDJSON).splitlines()] == [asdict(row) for row in rows]
    held = read(whole(Loose, rows, ARROW), ARROW)["anything"].to_pylist()
    assert [None if text is None else json.loads(text) for text in held] == [{"n": [1, None], "t": "é"}, None]


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 14, 15, 29, 100])
def test_parts_join_without_a_seam(media: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is lost or doubled where parts, batches and row groups meet."""
    monkeypatch.setattr(encoding, "ROWS_A_PART", 7)
    monkeypatch.setattr(encoding, "BATCH_ROWS_A_PART", 7)
    monkeypatch.setattr(binary_encoding, "ARROW_ROWS", 7)
    monkeypatch.setattr(binary_encoding, "ROW_GROUP_ROWS", 14)
    rows = [Flat(str(number), number, None, None, None) for number in range(count)]
    table = arrow_of(Flat, rows)
    batches = [batch.slice(start, 5) for batch in table.to_batches() for start in range(0, count, 5)]
    for answers in (rows, table, batches, iter(batches)):
        content = whole(Flat, answers, media, {})
        if media == JSON:
            found = [one["number"] for one in json.loads(content)["answers"]]
        elif media == CSV:
            found = [int(line["number"]) for line in csv.DictReader(io.StringIO(content.decode(), newline=""))]
        elif media == NDJSON:
            found = [json.loads(line)["number"] for line in content.splitlines()]
        else:
            found = read(content, media)["number"].to_pylist()
        assert found == list(range(count))


def test_row_groups_are_large_and_no_larger_than_memory_should_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches are gathered, long texts are not."""
    monkeypatch.setattr(binary_encoding, "ARROW_ROWS", 5)
    monkeypatch.setattr(binary_encoding, "ROW_GROUP_ROWS", 20)
    monkeypatch.setattr(binary_encoding, "ROW_GROUP_BYTES", 100_000)
    short = [batch_of(Flat, [Flat("x", 1, None, None, None)] * 5)] * 10
    long = [batch_of(Flat, [Flat("x" * 30_000, 1, None, None, None)] * 5)] * 3
    for batches, expected in ((short, [20, 20, 10]), (long, [5, 5, 5])):
        groups = pq.ParquetFile(io.BytesIO(whole(Flat, batches, PARQUET))).metadata
        assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == expected


def test_nothing_is_read_ahead_and_what_is_not_wanted_is_closed() -> None:
    """Millions of rows are a part at a time in memory, and their source ends when nobody reads on."""
    given_out, closed = [], []

    def source() -> Iterator[pa.RecordBatch]:
        try:
            for number in range(1000):
                given_out.append(number)
                yield batch_of(Flat, [Flat("x" * 100, number, None, None, None)] * 1000)
        finally:
            closed.append(True)

    for media in (JSON, NDJSON, CSV, ARROW):
        parts = encoded(Flat, source(), media, {})
        for _ in range(3):
            next(parts)
        assert 0 < len(given_out) <= 4, media
        parts.close()
        assert closed.pop()
        given_out.clear()


@pytest.mark.parametrize("media", MEDIA)
def test_batches_of_another_schema_are_refused(media: str) -> None:
    """No answer has other columns than the documentation says."""
    with pytest.raises(pa.ArrowInvalid, match="was given"):
        whole(Flat, [pa.record_batch({"text": ["a"]})], media, {})


@pytest.mark.parametrize("media", MEDIA)
def test_what_goes_wrong_in_the_middle_goes_on(media: str) -> None:
    """An answer that breaks off raises, and is never ended as if it were whole."""

    def breaking() -> Iterator[pa.RecordBatch]:
        yield batch_of(Flat, [Flat("a", 1, None, None, None)])
        raise OSError("the disk is gone")

    made = []
    with pytest.raises(OSError, match="the disk"):
        made.extend(encoded(Flat, breaking(), media, {}))
    content = b"".join(made)
    assert not content.endswith(b"]}")
    if media == PARQUET:
        assert not content.endswith(b"PAR1") or len(content) <= 4
    if media == ARROW:
        assert not content.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")


@given(st.lists(flats, max_size=4))
def test_the_shell_prints_the_same(rows: list[Flat]) -> None:
    """`--format jsonl` is NDJSON and `--format csv` is CSV."""
    for format_, media in (("jsonl", NDJSON), ("csv", CSV)):
        out = io.StringIO(newline="")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdout", out)
            emit([asdict(row) for row in rows], answer_schema(Flat).names, format_)
        assert out.getvalue().encode() == whole(Flat, rows, media)


def test_one_row_without_an_envelope_is_the_answer_itself() -> None:
    """A single thing is an object, not a list of one."""
    row = Flat("a", 1, 0.5, True, Colour.RED)
    assert json.loads(whole(Flat, [row], JSON, None)) == asdict(row)


def test_a_lone_surrogate_is_escaped_in_text() -> None:
    """A half of a pair, as a shell's invalid UTF-8 becomes, is still JSON."""
    assert json.loads(whole(Single, [Single("x\udcff")], NDJSON)) == {"text": "x\udcff"}
