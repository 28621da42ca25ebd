"""Reading text shards: the same documents from every format, bad lines by number, and the same again by place."""

import gzip
import json
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from corpora import ENDINGS, Texts, json_line, packed, write_shard
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import CorpusError
from exposure.provenance import sha256_of_file
from indexer.readers import streams
from indexer.readers.text import BadLine, Document, Fields, format_of, read_at, read_shard

FIELDS = Fields()
LINES = ("\n", "\r", "\x0b", "\x1c", "\x85", "\u2028", "\u2029")
TEXT = st.text(st.sampled_from(["a", " ", "é", "漢", "😀", '"', "\\", "\ufeff", "\x00", *LINES]), max_size=8)
DOCUMENTS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12)


def rows_of(path: Path, fields: Fields = FIELDS) -> list[Document | BadLine]:
    """Documents and bad lines of a shard; the digest at its end is checked."""
    *rows, digest = read_shard(path, fields)
    assert digest == sha256_of_file(path)
    return rows  # type: ignore[return-value]


def documents_of(path: Path, fields: Fields = FIELDS) -> list[Document]:
    """The documents of a shard without bad lines."""
    rows = rows_of(path, fields)
    assert not [row for row in rows if isinstance(row, BadLine)]
    return rows  # type: ignore[return-value]


def bad_lines(path: Path, fields: Fields = FIELDS) -> list[BadLine]:
    """The bad lines of a shard."""
    return [row for row in rows_of(path, fields) if isinstance(row, BadLine)]


def places_of(documents: list[Document]) -> list[tuple[int, int]]:
    """(start, line) of each document."""
    return [(document.start, document.line) for document in documents]


# ----------------------------------------------------------------------------------------------------- all formats


@given(DOCUMENTS, st.integers(1, 50))
def test_every_format_holds_the_same_documents(
    tmp_path_factory: pytest.TempPathFactory, documents: Texts, chunk: int
) -> None:
    """jsonl, gzip, zstandard and Parquet give the same ids and texts in the same order, in chunks of any size."""
    folder = tmp_path_factory.mktemp("shards")
    for ending in ENDINGS:
        path = write_shard(folder / f"s{ending}", documents)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(streams, "CHUNK_BYTES", chunk)
            read = documents_of(path)
        assert [(one.id, one.text) for one in read] == list(documents), ending
        assert [one.line for one in read] == list(range(1, len(documents) + 1)), ending


@pytest.mark.parametrize("ending", ENDINGS)
@given(documents=DOCUMENTS, data=st.data())
def test_documents_are_found_again_at_their_places(
    tmp_path_factory: pytest.TempPathFactory, ending: str, documents: Texts, data: st.DataObject
) -> None:
    """Any rising choice of documents read at their places is what reading the whole shard gave."""
    path = write_shard(tmp_path_factory.mktemp("shards") / f"s{ending}", documents)
    every = documents_of(path)
    chosen = sorted(data.draw(st.lists(st.integers(0, len(every) - 1), unique=True)))
    wanted = [every[number] for number in chosen]
    assert list(read_at(path, FIELDS, places_of(wanted))) == wanted


def test_starts_are_bytes_of_the_uncompressed_stream(tmp_path: Path) -> None:
    """A line's start is where its first byte stands when nothing is compressed."""
    documents = [("a", "é"), ("b", ""), ("c", "漢字")]
    content = b"".join(json_line(*one) for one in documents)
    for ending in (".jsonl", ".jsonl.gz", ".jsonl.zst"):
        read = documents_of(write_shard(tmp_path / f"s{ending}", documents))
        assert [content[one.start :].split(b"\n")[0] + b"\n" for one in read] == [json_line(*one) for one in documents]


@pytest.mark.parametrize("ending", ENDINGS)
def test_long_document(ending: str, tmp_path: Path) -> None:
    """A single line of 20 MB, longer than any chunk, is one document."""
    text = "naïve 漢字 and plain words. " * 700_000
    assert len(text.encode()) > 20_000_000
    path = write_shard(tmp_path / f"s{ending}", [("first", "x"), ("long", text), ("last", "")])
    read = documents_of(path)
    assert [one.text for one in read] == ["x", text, ""]
    assert next(read_at(path, FIELDS, places_of(read[1:2]))).text == text


@pytest.mark.parametrize("name", ["a.JSONL", "a.json", "a.ndjson.gz", "a.Jsonl.ZST", "a.b.jsonl.zst", "a.jsonl.gz"])
def test_names_of_json_lines(name: str, tmp_path: Path) -> None:
    """The usual endings, in any case, are known, and say how the file is compressed."""
    path = tmp_path / name
    path.write_bytes(packed(json_line("1", "x") * 2, name.lower()))
    assert format_of(path) == "jsonl"
    assert [one.text for one in documents_of(path)] == ["x", "x"]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.bz2", "jsonl", "a.parquet.gz", "a.csv", "a.tar.zst"])
def test_names_that_are_not_known(name: str) -> None:
    """Another ending is refused with the ones that are known."""
    with pytest.raises(CorpusError, match=r"Expected \.jsonl"):
        format_of(Path(name))


# -------------------------------------------------------------------------------------------------- jsonl, closely


GOOD = b'{"text": "x"}'
BAD: list[tuple[bytes, str]] = [
    (b"{", "not valid JSON"),
    (b"x", "not valid JSON"),
    (b'{"text": "x"} {"text": "y"}', "not valid JSON"),
    (b"{'text': 'x'}", "not valid JSON"),
    (b'{"text": "x\x01y"}', "not valid JSON"),
    (b'{"text": "a", "n": ' + b"1" * 5000 + b"}", "not valid JSON"),
    (b"[" * 100_000, "not valid JSON"),
    (b'{"text": "caf\xe9"}', r"not valid UTF-8 \(byte 13 of the line: 0xe9\)"),
    (b'{"text": "\xed\xa0\x80"}', "not valid UTF-8"),
    (b'{"text": "\xc0\xaf"}', "not valid UTF-8"),
    (b'{"text": "\\ud83d"}', "half of a surrogate pair"),
    (b'{"text": "\\ude00\\ud83d"}', "half of a surrogate pair"),
    (b'{"text": "x", "id": "\\ud83d"}', "half of a surrogate pair"),
    (b"[]", "expected an object"),
    (b'["text"]', "expected an object"),
    (b'"text"', "expected an object"),
    (b"3", "expected an object"),
    (b"null", "expected an object"),
    (b"NaN", "expected an object"),
    (b"{}", "no key 'text' .*none.*text_field"),
    (b'{"Text": "x", "body": "y"}', "no key 'text' .*'Text', 'body'.*text_field"),
    (b'{"text": null}', "'text' is null, expected a string"),
    (b'{"text": 5}', "'text' is 5, expected a string"),
    (b'{"text": ["x"]}', "expected a string"),
    (b'{"text": {"a": NaN}}', "expected a string"),
    (b'{"text": true}', "expected a string"),
    (b'\xef\xbb\xbf{"text": "x"}', "not valid JSON"),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[line[:24].decode("latin-1") for line, _ in BAD])
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_bad_line_is_named_and_the_rest_is_read(line: bytes, reason: str, ending: str, tmp_path: Path) -> None:
    """A bad line is reported by its number and reason; the documents around it keep their lines and places."""
    path = tmp_path / f"s{ending}"
    path.write_bytes(packed(b"\n".join([GOOD, b"", line, GOOD]), path.name))
    first, bad, last = rows_of(path)
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.fatal) == (3, False)
    assert re.search(reason, bad.reason), bad.reason
    start = len(GOOD) + 2
    assert first == Document(1, 0, f"s{ending}:1", "x")
    assert last == Document(4, start + len(line) + 1, f"s{ending}:4", "x")
    with pytest.raises(CorpusError, match=f"s{ending}, line 3"):
        list(read_at(path, FIELDS, [(start, 3)]))


def test_reason_stays_short(tmp_path: Path) -> None:
    """A line of megabytes does not make a reason of megabytes, whatever is wrong with it."""
    wide = json.dumps({"k" * 100_000: 1} | {f"k{n}": 1 for n in range(10_000)}).encode()
    deep = json.dumps({"text": ["x" * 1_000_000]}).encode()
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"\n".join([wide, deep, b'"' + b"x" * 1_000_000, b'{"text": "' + b"y" * 1_000_000 + b"\xff"]))
    reasons = [bad.reason for bad in bad_lines(path)]
    assert len(reasons) == 4
    assert max(map(len, reasons)) < 400


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"\n", b" \r\n", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\n", b"\r\n \x0b\x0c\t\r\n"])
def test_blank_lines_marks_and_line_ends(begin: bytes, between: bytes, end: bytes, tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, blank lines and a missing last newline change neither text nor number."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(begin + GOOD + between + b'{"text": "y\\r\\n", "id": 7}' + end)
    read = documents_of(path)
    before = begin.count(b"\n")
    assert [(one.line, one.id, one.text) for one in read] == [
        (1 + before, f"s.jsonl:{1 + before}", "x"),
        (1 + before + between.count(b"\n"), "7", "y\r\n"),
    ]
    assert list(read_at(path, FIELDS, places_of(read))) == read
    zipped = tmp_path / "s.jsonl.zst"
    zipped.write_bytes(packed(path.read_bytes(), zipped.name))
    again = documents_of(zipped)
    assert [(one.line, one.start, one.text) for one in again] == [(one.line, one.start, one.text) for one in read]
    assert list(read_at(zipped, FIELDS, places_of(again))) == again


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"a"', "a"),
        ('""', ""),
        ("5", "5"),
        ("-1.50", "-1.5"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("true", "True"),
        ("null", "s.jsonl:1"),
        ('"\\u00e9\\n"', "é\n"),
        ('["x"]', "['x']"),
    ],
)
def test_ids(value: str, expected: str, tmp_path: Path) -> None:
    """An id is kept as text, numbers too; where there is none, file and line are the name."""
    path = tmp_path / "s.jsonl"
    path.write_text(f'{{"text": "x", "id": {value}}}')
    assert [one.id for one in documents_of(path)] == [expected]


def test_ids_may_repeat_and_be_missing(tmp_path: Path) -> None:
    """Two documents of one id are two documents, and one without an id is one."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(json_line("a", "x") + json_line("a", "y") + b'{"text": "z"}\n')
    assert [(one.id, one.text) for one in documents_of(path)] == [("a", "x"), ("a", "y"), ("s.jsonl:3", "z")]


def test_other_field_names(tmp_path: Path) -> None:
    """Text and id are taken from the fields that are named, which may be the same one, in every format."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(json_line("i", "t", body="b", key=3))
    pq.write_table(pa.table({"id": ["i"], "text": ["t"], "body": ["b"], "key": [3]}), tmp_path / "s.parquet")
    for one in (path, tmp_path / "s.parquet"):
        for fields, expected in (
            (Fields("body", "key"), ("3", "b")),
            (Fields("text", "text"), ("t", "t")),
            (Fields("id", "nothing"), (f"{one.name}:1", "i")),
        ):
            read = documents_of(one, fields)
            assert [(document.id, document.text) for document in read] == [expected]
            assert list(read_at(one, fields, places_of(read))) == read


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_truncated_shard_is_reported_at_every_byte(ending: str, tmp_path: Path) -> None:
    """A cut of a compressed shard is reported behind the last whole line, and no half line is a document."""
    lines = [json_line(str(number), f"document {number} é") for number in range(4)]
    whole = gzip.compress(b"".join(lines)) if ending == ".gz" else zstandard.ZstdCompressor().compress(b"".join(lines))
    path = tmp_path / f"s.jsonl{ending}"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        *documents, bad = rows_of(path)
        assert isinstance(bad, BadLine)
        assert bad.fatal
        assert bad.line == len(documents) + 1
        texts = [one.text for one in documents if isinstance(one, Document)]
        assert texts == [f"document {number} é" for number in range(len(documents))]


def test_truncated_line_is_never_a_document(tmp_path: Path) -> None:
    """Where a stream breaks inside a line that happens to be JSON so far, nothing is made of it."""
    compressor = zstandard.ZstdCompressor().compressobj()
    content = compressor.compress(b'{"text": "x"}\n{"text": "y"}') + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    path = tmp_path / "s.jsonl.zst"
    path.write_bytes(content)
    document, bad = rows_of(path)
    assert isinstance(document, Document)
    assert isinstance(bad, BadLine)
    assert (document.text, bad.line, bad.fatal) == ("x", 2, True)


# ------------------------------------------------------------------------------------------------ Parquet, closely


def write_parquet(path: Path, **columns: Any) -> Path:
    """A Parquet file with row groups of two rows."""
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def not_utf8(*texts: bytes) -> pa.Array:
    """A string column that holds bytes which are no UTF-8."""
    return pa.array(texts, pa.binary()).view(pa.string())


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_parquet_text_of_every_string_type(kind: pa.DataType, tmp_path: Path) -> None:
    """Strings, large strings, views and dictionaries are all text."""
    path = write_parquet(tmp_path / "s.parquet", text=pa.array(["a", "é", "a"], kind))
    read = documents_of(path)
    assert [(one.line, one.start, one.text) for one in read] == [(1, 0, "a"), (2, 1, "é"), (3, 2, "a")]
    assert list(read_at(path, FIELDS, [(0, 1), (2, 3)])) == [read[0], read[2]]


@pytest.mark.parametrize(
    "value", [b"ab", datetime(2024, 1, 1), 5, 1.5, True, ["x"], {"a": b"\xff"}, float("nan")], ids=repr
)
def test_parquet_text_column_of_another_type(value: Any, tmp_path: Path) -> None:
    """A column that holds no text gives bad lines with a reason, whatever it holds."""
    bad = bad_lines(write_parquet(tmp_path / "s.parquet", text=[value, value]))
    assert [(one.line, one.fatal) for one in bad] == [(1, False), (2, False)]
    assert all("expected a string" in one.reason for one in bad)


def test_parquet_bad_rows_are_named(tmp_path: Path) -> None:
    """Rows that are null or no UTF-8 are bad lines by their number; all others are read, at their places too."""
    text = not_utf8(b"a", b"caf\xe9", b"b", b"c", b"\xed\xa0\x80")
    path = write_parquet(tmp_path / "s.parquet", text=text, id=[1, 2, 3, None, 5])
    rows = rows_of(path)
    assert [row.line for row in rows if isinstance(row, BadLine) and "UTF-8" in row.reason and not row.fatal] == [2, 5]
    good = [row for row in rows if isinstance(row, Document)]
    assert [(one.line, one.id, one.text) for one in good] == [(1, "1", "a"), (3, "3", "b"), (4, "s.parquet:4", "c")]
    assert list(read_at(path, FIELDS, places_of(good))) == good
    with pytest.raises(CorpusError, match="line 2"):
        list(read_at(path, FIELDS, [(1, 2)]))


def test_parquet_without_the_column(tmp_path: Path) -> None:
    """A missing text column is said once, with the columns that are there."""
    (bad,) = rows_of(write_parquet(tmp_path / "s.parquet", body=["x"], n=[1]))
    assert isinstance(bad, BadLine)
    assert bad.fatal
    assert "'body', 'n'" in bad.reason
    assert "text_field" in bad.reason


def test_parquet_with_many_rows_and_empty_groups(tmp_path: Path) -> None:
    """Row groups of any size, empty ones too, are read through, more than a batch of them."""
    schema = pa.schema({"text": pa.string()})
    with pq.ParquetWriter(tmp_path / "s.parquet", schema) as writer:
        for size in (0, 1500, 0, 1, 1100, 0):
            writer.write_table(pa.table({"text": [f"{size}-{number}" for number in range(size)]}, schema=schema))
    read = documents_of(tmp_path / "s.parquet")
    assert [one.text for one in read] == [f"{size}-{number}" for size in (1500, 1, 1100) for number in range(size)]
    chosen = [read[number] for number in (0, 1023, 1024, 1499, 1500, 1501, 2600)]
    assert list(read_at(tmp_path / "s.parquet", FIELDS, places_of(chosen))) == chosen


def test_parquet_cut_at_every_place_is_damaged(tmp_path: Path) -> None:
    """A Parquet file cut anywhere gives a fatal line and no document from beyond the cut."""
    whole = write_shard(tmp_path / "whole.parquet", [(str(n), f"text {n}") for n in range(9)]).read_bytes()
    path = tmp_path / "s.parquet"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        (bad,) = rows_of(path)
        assert isinstance(bad, BadLine)
        assert bad.fatal
        with pytest.raises(CorpusError):
            list(read_at(path, FIELDS, [(0, 1)]))


def test_parquet_with_any_byte_changed_gives_no_traceback(tmp_path: Path) -> None:
    """Whatever byte is damaged, reading ends with rows and bad lines or one fatal line: nothing else is raised."""
    whole = write_shard(tmp_path / "whole.parquet", [(str(n), f"text {n}") for n in range(9)]).read_bytes()
    path = tmp_path / "s.parquet"
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        rows = rows_of(path)
        assert all(isinstance(row, Document | BadLine) for row in rows)
        for row in [row for row in rows if isinstance(row, Document)][:1]:
            with suppress(CorpusError):
                list(read_at(path, FIELDS, [(row.start, row.line)]))


# ------------------------------------------------------------------------------------------------ changed or missing


@pytest.mark.parametrize("ending", ENDINGS)
def test_places_where_nothing_is(ending: str, tmp_path: Path) -> None:
    """A shard that has become shorter has no document at the place: it is named, with what may have happened."""
    documents = [(str(number), f"text {number}") for number in range(6)]
    path = write_shard(tmp_path / f"s{ending}", documents)
    places = places_of(documents_of(path))
    write_shard(path, documents[:2])
    with pytest.raises(CorpusError, match="has changed since its manifest was made") as error:
        list(read_at(path, FIELDS, places[4:]))
    assert f"s{ending}, line 5" in str(error.value)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"garbage", b"PAR1PAR1", bytes(300)])
def test_places_in_what_is_no_shard_any_more(ending: str, content: bytes, tmp_path: Path) -> None:
    """A shard whose content was replaced is an error with its name, in every format."""
    path = tmp_path / f"s{ending}"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=f"s{ending}"):
        list(read_at(path, FIELDS, [(3, 4)]))


@pytest.mark.parametrize("ending", ENDINGS)
def test_shard_that_is_not_there_or_a_folder(ending: str, tmp_path: Path) -> None:
    """A missing shard, and a folder of its name, are errors that say what to do."""
    (tmp_path / f"folder{ending}").mkdir()
    for name in (f"missing{ending}", f"folder{ending}"):
        with pytest.raises(CorpusError, match="make the manifest again"):
            list(read_shard(tmp_path / name, FIELDS))
        with pytest.raises(CorpusError, match="make the manifest again"):
            list(read_at(tmp_path / name, FIELDS, [(0, 1)]))
