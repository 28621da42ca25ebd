"""Blocks of documents: byte for byte what reading one document after the other gives, or the shard is refused."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpora import ENDINGS, json_line, packed, write_shard
from hypothesis import given
from hypothesis import strategies as st

from exposure.census import Census, ShardCensus
from exposure.errors import CorpusError
from indexer.blocks import GAP, DocumentBlock
from indexer.compiled.vectors import PADDING
from indexer.manifest import RunOptions, make_manifest
from indexer.readers import blocks, json_blocks, parquet_blocks
from indexer.readers.blocks import document_blocks
from indexer.readers.records import Fields
from indexer.readers.text import Document, read_shard

FIELDS = Fields()
NOVELS = Path(__file__).parents[3] / "shared" / "data" / "novels"
Found = list[tuple[int, str, str]]


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Blocks are of about `size` bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_blocks, "BLOCK_BYTES", size)
        patch.setattr(parquet_blocks, "BLOCK_BYTES", size)
        yield


def census_of(path: Path, folder: Path, fields: Fields = FIELDS) -> ShardCensus:
    """The census of one shard; bad lines are left out of it."""
    options = RunOptions((str(path),), "document-per-row", 2, skip_bad=True, census=folder, fields=fields)
    return Census.open(make_manifest(options)).shards[0]


def one_by_one(path: Path, fields: Fields = FIELDS) -> Found:
    """(number, id, text) of every document as Python reads it."""
    documents = (row for row in read_shard(path, fields) if isinstance(row, Document))
    return [(number, row.id, row.text) for number, row in enumerate(documents)]


@contextmanager
def quick_only() -> Iterator[None]:
    """The slow reader, to which the quick one turns when something is wrong, may not be used."""

    def refuse(*arguments: object) -> Never:
        raise AssertionError("read slowly")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "unchanged_documents", refuse)
        yield


def quickly(census: ShardCensus, fields: Fields = FIELDS) -> Found:
    """(number, id, text) of every document in blocks, none of them read slowly."""
    with quick_only():
        return in_blocks(census, fields)


def in_blocks(census: ShardCensus, fields: Fields = FIELDS) -> Found:
    """(number, id, text) of every document in blocks, whose form is checked."""
    found: Found = []
    for block in document_blocks(census, fields):
        assert_form(block, len(found))
        found += [
            (block.first + index, block.id_of(block.first + index), block.document(index))
            for index in range(len(block))
        ]
    return found


def assert_form(block: DocumentBlock, first: int) -> None:
    """The texts stand apart and padded, as every block's do."""
    assert len(block) > 0
    assert block.first == first
    assert (block.text.dtype, block.text.flags.c_contiguous) == (np.uint8, True)
    edges = [0, *(edge for pair in zip(block.starts, block.ends, strict=True) for edge in pair)]
    assert edges == sorted(edges)
    gaps = [*zip(edges[::2], edges[1::2], strict=False), (edges[-1], edges[-1] + len(GAP))]
    assert all(block.text[start:end].tobytes() == GAP for start, end in gaps)
    assert len(block.text) >= edges[-1] + len(GAP) + PADDING


# ------------------------------------------------------------------------------------------------ whatever is written

CHARACTERS = st.sampled_from(
    [
        "a",
        " ",
        "é",
        "漢",
        "😀",
        '"',
        "\\",
        "/",
        "\n",
        "\r",
        "\t",
        "\b",
        "\f",
        "\x00",
        "\x1f",
        "\x7f",
        "\u2028",
        "\ufeff",
    ]
)
TEXTS = st.text(CHARACTERS | st.characters(exclude_categories=["Cs"]), max_size=12) | st.builds(
    lambda piece, times: piece * times, st.text(CHARACTERS, min_size=1, max_size=4), st.integers(15, 80)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("text"), inner, max_size=3),
    max_leaves=5,
)
SPACE = st.text(st.sampled_from(" \t\r"), max_size=2)


@st.composite
def strings(draw: st.DrawFn, content: str) -> str:
    """A JSON string that means `content`, in one of the many ways to write it."""
    written = json.dumps(content, ensure_ascii=draw(st.booleans()))
    style = draw(st.integers(0, 3))
    if style == 1:
        return written.replace("/", "\\/")
    if style == 2:
        codes = content.encode("utf-16-be", "surrogatepass")
        digits = "04x" if draw(st.booleans()) else "04X"
        return (
            '"'
            + "".join(f"\\u{format(int.from_bytes(codes[i : i + 2]), digits)}" for i in range(0, len(codes), 2))
            + '"'
        )
    return written


@st.composite
def values(draw: st.DrawFn, value: Any) -> str:
    """JSON that means `value`."""
    return draw(strings(value)) if isinstance(value, str) else json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def objects(draw: st.DrawFn) -> str:
    """A JSON object on one line with a text, usually; keys in any order, some of them twice."""
    keys = st.sampled_from(["text", "id", "meta", "Text", "texts", "", "é", 'a"b'])
    pairs = draw(st.lists(st.tuples(keys, VALUES | TEXTS), max_size=4))
    if draw(st.integers(0, 9)):
        pairs.insert(draw(st.integers(0, len(pairs))), ("text", draw(TEXTS)))
    members = [
        draw(SPACE) + draw(strings(key)) + draw(SPACE) + ":" + draw(SPACE) + draw(values(value)) + draw(SPACE)
        for key, value in pairs
    ]
    return draw(SPACE) + "{" + (",".join(members) or draw(SPACE)) + "}" + draw(SPACE)


LINES = objects() | st.sampled_from(["", " ", "\r", "{bad", "[]", '{"text": 5}', '{"text": "\\ud83d"}', '"', "x" * 200])


@given(
    lines=st.lists(LINES, max_size=12),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    end=st.sampled_from([b"", b"\n", b"\n\n", b"\r"]),
    ending=st.sampled_from([".jsonl", ".jsonl.gz", ".jsonl.zst"]),
    size=st.sampled_from([16, 64, 200, 1000, 1 << 20]),
)
def test_json_lines_of_any_style(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    mark: bytes,
    newline: bytes,
    end: bytes,
    ending: str,
    size: int,
) -> None:
    """Escapes, white space, nested and double keys, blank and bad lines, marks, line ends: the same documents."""
    folder = tmp_path_factory.mktemp("shards")
    path = folder / f"s{ending}"
    content = mark + newline.join(line.encode("utf-8", "surrogatepass") for line in [*lines, '{"text": "z"}']) + end
    path.write_bytes(packed(content, path.name))
    with blocks_of(size):
        assert quickly(census_of(path, folder)) == one_by_one(path)


@given(
    rows=st.lists(st.tuples(TEXTS | st.none(), TEXTS | st.none()), min_size=1, max_size=20),
    kind=st.sampled_from([pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]),
    group=st.integers(1, 8),
    size=st.sampled_from([1, 30, 200, 1 << 20]),
)
def test_parquet_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str | None, str | None]],
    kind: pa.DataType,
    group: int,
    size: int,
) -> None:
    """Every type of string column, nulls in both columns, row groups and blocks of any length."""
    folder = tmp_path_factory.mktemp("shards")
    path = folder / "s.parquet"
    rows = [*rows, (None, "the last")]
    table = pa.table({"id": [id_ for id_, _ in rows], "text": pa.array([text for _, text in rows]).cast(kind)})
    pq.write_table(table, path, row_group_size=group)
    with blocks_of(size):
        assert quickly(census_of(path, folder)) == one_by_one(path)


@pytest.mark.parametrize(
    "ids",
    [[3, None, 5], [1.5, 2.0, float("nan")], [[1, 2], None, []], [{"a": 1}, {"a": 2}, None], [b"x", b"\xff", b""]],
)
def test_ids_of_any_type(ids: list[Any], tmp_path: Path) -> None:
    """An id that is no string is shown as Python shows it, from Parquet and, where it can stand there, from JSON."""
    table = pa.table({"text": ["x", "y", "z"], "id": ids})
    pq.write_table(table, tmp_path / "s.parquet")
    found = quickly(census_of(tmp_path / "s.parquet", tmp_path))
    assert found == one_by_one(tmp_path / "s.parquet")
    if not isinstance(ids[0], bytes):
        lines = [json.dumps({"text": text, "id": id_}) for text, id_ in zip("xyz", ids, strict=True)]
        (tmp_path / "s.jsonl").write_text("\n".join(lines))
        names = [f"s.jsonl:{number + 1}" if id_ is None else str(id_) for number, id_ in enumerate(ids)]
        assert [id_ for _, id_, _ in quickly(census_of(tmp_path / "s.jsonl", tmp_path))] == names


@pytest.mark.parametrize(
    "fields", [Fields("body", "key"), Fields("text", "text"), Fields("naïve", "漢"), Fields('a"b', "\t")]
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_other_fields(fields: Fields, ending: str, tmp_path: Path) -> None:
    """Text and id are found under any names, one name for both too."""
    rows = [{fields.id: f"key {n}", fields.text: f"text {n} é\n" * n, "text ": "other"} for n in range(9)]
    path = tmp_path / f"s{ending}"
    if ending == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_bytes(packed(b"".join(json.dumps(row).encode() + b"\n" for row in rows), path.name))
    with blocks_of(100):
        found = quickly(census_of(path, tmp_path, fields), fields)
    assert found == one_by_one(path, fields)
    assert [text for _, _, text in found] == [row[fields.text] for row in rows]


@pytest.mark.parametrize("ending", ENDINGS)
def test_documents_longer_than_a_block(ending: str, tmp_path: Path) -> None:
    """Documents of megabytes among small ones are whole, and lie in longer blocks."""
    long = 'naïve "漢字" and\nplain words. ' * 100_000
    documents = [("a", "x"), ("b", long), ("c", ""), ("d", "y" * 1_500_000), ("e", "z"), ("f", long)]
    path = write_shard(tmp_path / f"s{ending}", documents)
    expected = [(number, id_, text) for number, (id_, text) in enumerate(documents)]
    assert quickly(census_of(path, tmp_path)) == expected


@pytest.mark.parametrize("ending", ENDINGS)
def test_length_of_blocks(ending: str, tmp_path: Path) -> None:
    """Blocks are about as long as they should be: many small documents do not become one, nor each a block."""
    random_words = random.Random(3)
    documents = [(f"d{n}", "".join(random_words.choices("abc é\n", k=100))) for n in range(3000)]
    path = write_shard(tmp_path / f"s{ending}", documents, group=3000)
    census = census_of(path, tmp_path)
    with blocks_of(20_000):
        sizes = [len(block.text) for block in document_blocks(census, FIELDS)]
    assert 10 <= len(sizes) <= 60
    assert max(sizes) < 50_000


@pytest.mark.parametrize("ending", ENDINGS)
def test_length_of_blocks_where_long_documents_meet(ending: str, tmp_path: Path) -> None:
    """No block is much longer than the longest document, also where several long ones follow one another."""
    lengths = [5] * 2000 + [3000] * 50 + [5] * 2000
    path = write_shard(tmp_path / f"s{ending}", [("d", "x" * length) for length in lengths], group=5000)
    census = census_of(path, tmp_path)
    with blocks_of(1000):
        sizes = [len(block.text) for block in document_blocks(census, FIELDS)]
    assert max(sizes) < 10_000
    assert len(sizes) > 20


def test_columns_of_one_name(tmp_path: Path) -> None:
    """Of several columns of one name the last is meant, as in the census."""
    arrays = [pa.array(["a", "b"]), pa.array(["1", "2"]), pa.array(["c", "d"]), pa.array(["3", None])]
    pq.write_table(pa.Table.from_arrays(arrays, names=["text", "id", "text", "id"]), tmp_path / "s.parquet")
    found = quickly(census_of(tmp_path / "s.parquet", tmp_path))
    assert found == one_by_one(tmp_path / "s.parquet")
    assert [text for _, _, text in found] == ["c", "d"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_that_are_read_are_told(ending: str, tmp_path: Path) -> None:
    """Progress hears of every byte of the file once."""
    path = write_shard(tmp_path / f"s{ending}", [(f"d{n}", "some text " * 50) for n in range(400)])
    told: list[int] = []
    for _ in document_blocks(census_of(path, tmp_path), FIELDS, told.append):
        pass
    assert sum(told) == path.stat().st_size


@pytest.mark.skipif(not NOVELS.exists(), reason="the novels are not here")
@pytest.mark.parametrize("number", [0, 5])
def test_novels(number: int, tmp_path: Path) -> None:
    """Real shards give the same bytes and ids either way."""
    path = sorted(NOVELS.glob("*.jsonl.zst"))[number]
    found = quickly(census_of(path, tmp_path))
    assert len(found) > 3000
    assert found == one_by_one(path)


# ------------------------------------------------------------------------------------------------------ other shards

DOCUMENTS = [(f"d{number}", f"text number {number} é") for number in range(40)]


def refusal(census: ShardCensus) -> tuple[str, int]:
    """What is said of a shard, and how many documents were given before."""
    given = 0
    with pytest.raises(CorpusError) as error:  # noqa: PT012
        for block in document_blocks(census, FIELDS):
            given += len(block)
    return str(error.value), given


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda documents: [documents[1], documents[0], *documents[2:]], "the document of line 1 (id 'd1')"),
        (lambda documents: [*documents[:3], ("d3", "text number 3 è"), *documents[4:]], "line 4 (id 'd3')"),
        (lambda documents: [*documents[:3], ("e3", documents[3][1]), *documents[4:]], "its sha256 is"),
        (lambda documents: documents[:-1], "its sha256 is"),
        (lambda documents: [*documents, ("new", "one")], "line 41 is one document more than the 40"),
        (lambda documents: [("new", "a new one"), *documents], "the document of line 1"),
        (lambda documents: [*documents[:3], ("d3", "x" * 5000), *documents[4:]], "the document of line 4"),
    ],
    ids=["swapped", "one letter", "one id", "one less", "one more", "one in front", "longer"],
)
@pytest.mark.parametrize("size", [100, 1 << 20])
def test_changed_shard(change: Callable[[Any], Any], reason: str, size: int, ending: str, tmp_path: Path) -> None:
    """Whatever changed, the refusal says it as the slow reader would, and not all documents were given before."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    census = census_of(path, tmp_path)
    write_shard(path, change(DOCUMENTS))
    with blocks_of(size):
        said, given = refusal(census)
    assert f"The shard {path} has changed since its manifest was made: " in said
    assert reason in said
    assert given < len(DOCUMENTS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_shard_with_any_byte_changed(ending: str, tmp_path: Path) -> None:
    """A file of which one byte is another, or that was cut, is refused wherever that is."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    census, content = census_of(path, tmp_path), path.read_bytes()
    places = random.Random(7).sample(range(len(content)), 40)
    with blocks_of(64):
        for place in places:
            for other in (content[:place], content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]):
                path.write_bytes(other)
                said, given = refusal(census)
                assert str(path) in said
                assert given < len(DOCUMENTS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_missing_shard(ending: str, tmp_path: Path) -> None:
    """A shard that is gone is an error with its path and what to do."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    census = census_of(path, tmp_path)
    path.unlink()
    assert "make the manifest again" in refusal(census)[0]


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_beginning_of_a_damaged_shard(damage: str, ending: str, tmp_path: Path) -> None:
    """A census that kept what stands before the damage reads just that again."""
    words = random.Random(5)
    documents = [(f"d{n}", "".join(words.choices("abcdefgh é\n", k=3000))) for n in range(400)]
    path = write_shard(tmp_path / f"s{ending}", documents)
    content, place = path.read_bytes(), path.stat().st_size * 2 // 3
    path.write_bytes(content[:place] + (b"\x55" * 1000 if damage == "noise" else b""))
    census = census_of(path, tmp_path)
    assert 100 < census.shard.documents < 400
    for size in (500, 1 << 20):
        with blocks_of(size):
            assert in_blocks(census) == [(n, *documents[n]) for n in range(census.shard.documents)]


def test_reading_that_is_broken_off(tmp_path: Path) -> None:
    """Whoever stops after the first block leaves no file open (ResourceWarning is an error here)."""
    for ending in ENDINGS:
        path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
        with blocks_of(64):
            given = document_blocks(census_of(path, tmp_path), FIELDS)
            assert len(next(given)) < len(DOCUMENTS)
            given.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_no_python_for_a_document(ending: str, tmp_path: Path) -> None:
    """Lines without escaped keys never reach Python's parser."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    census = census_of(path, tmp_path)
    with pytest.MonkeyPatch.context() as patch, blocks_of(100):
        patch.setattr(json_blocks, "parse_line", None)
        assert [text for _, _, text in quickly(census)] == [text for _, text in DOCUMENTS]


def test_odd_lines_are_read_in_python(tmp_path: Path) -> None:
    """A key that is written with escapes is the key that it means, before and after the plain one."""
    lines = [
        '{"te\\u0078t": "a", "id": "1"}',
        '{"text": "b", "te\\u0078t": "c"}',
        '{"te\\u0078t": "d", "text": "e", "\\u0069d": 7}',
        json_line("8", "f").decode().strip(),
        '{"\\u0074ext": "' + "g" * 500 + '"}',
    ]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(lines))
    for size in (20, 100, 1 << 20):
        with blocks_of(size):
            assert quickly(census_of(path, tmp_path)) == [
                (0, "1", "a"),
                (1, "s.jsonl:2", "c"),
                (2, "7", "e"),
                (3, "8", "f"),
                (4, "s.jsonl:5", "g" * 500),
            ]
