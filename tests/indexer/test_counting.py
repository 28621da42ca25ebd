"""The census in the making: what it counts, when it counts again, and what it leaves behind."""

import json
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import vocabularies
from corpora import ENDINGS, json_line, packed, write_shard
from tokenizers import Tokenizer

from exposure.census import DOCUMENTS_SCHEMA, TOKENS_SCHEMA, SidecarKeys, sidecar_metadata
from exposure.errors import CensusError, CorpusError, UsageError
from exposure.orders import Shard, Skipped
from exposure.provenance import sha256_of_file
from indexer import counting
from indexer.counting import Counting, count_shard
from indexer.readers.text import Fields
from indexer.token_counters import TokenCounters
from indexer.tokens import TextTokenizer

DOCUMENTS = [("a", "The cats can't see the café."), ("b", ""), ("c", "cafe\u0301 漢字 😀\n\nthe end"), ("d", "x")]
FIELDS = Fields()
BAD_LINE = b'{"text": 5}\n'


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    """A byte-level tokenizer with NFC."""
    return TextTokenizer.load(vocabularies.saved(tmp_path_factory.mktemp("tokenizer"), vocabularies.byte_level()))


def counting_of(
    path: Path,
    tokenizer: TextTokenizer | None = None,
    skip_bad: bool = False,
    fields: Fields = FIELDS,
    row_tokens: int | None = None,
    threads: int = 1,
) -> Counting:
    """How to take the census of a shard in a folder beside it."""
    counters = TokenCounters(tokenizer, row_tokens) if tokenizer else None
    return Counting(fields, counters, path.parent / "census", skip_bad, threads)


def count(path: Path, tokenizer: TextTokenizer | None = None, skip_bad: bool = False, fields: Fields = FIELDS) -> Shard:
    """The census of a shard in a folder beside it."""
    return count_shard(path, counting_of(path, tokenizer, skip_bad, fields), lambda _: None)


def sidecars(path: Path) -> dict[str, bytes]:
    """Every file of the census folder, hidden ones too, by name."""
    folder = path.parent / "census"
    return {one.name: one.read_bytes() for one in folder.iterdir()} if folder.exists() else {}


@pytest.mark.parametrize("ending", ENDINGS)
def test_shard_as_the_manifest_has_it(ending: str, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Size, digest, documents, characters of the raw text and tokens, each counted here again."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    encode = Tokenizer.from_str(vocabularies.byte_level()).encode
    assert count(path, tokenizer) == Shard(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=sha256_of_file(path),
        documents=4,
        characters=sum(len(text) for _, text in DOCUMENTS),
        tokens=sum(len(encode(text).ids) for _, text in DOCUMENTS),
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_sidecars_as_the_census_promises_them(ending: str, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """One row a document: line, start, characters, checksum; tokens with their bytes, continuing and leading ones."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    keys = SidecarKeys.of(count(path, tokenizer).sha256, "text", "id", tokenizer.sha256)
    rows = pq.read_table(tmp_path / "census" / keys.documents)
    assert rows.schema.equals(DOCUMENTS_SCHEMA)
    starts = [0]
    for document in DOCUMENTS:
        starts.append(starts[-1] + (1 if ending == ".parquet" else len(json_line(*document))))
    assert rows.to_pylist() == [
        {"line": number + 1, "start": starts[number], "characters": len(text), "crc32": zlib.crc32(text.encode())}
        for number, (_, text) in enumerate(DOCUMENTS)
    ]
    tokens = pq.read_table(tmp_path / "census" / str(keys.tokens))
    assert tokens.schema.equals(TOKENS_SCHEMA)
    assert tokens["rewritten"].to_pylist() == [False] * 4
    for row, (_, text) in zip(tokens.to_pylist(), DOCUMENTS, strict=True):
        pieces = [tokenizer.table[number] for number in tokenizer.tokenizer.encode(text).ids]
        assert row["tokens"] == len(pieces)
        assert list(row["token_bytes"]) == list(map(len, pieces))
        continuing = [[byte & 0xC0 == 0x80 for byte in piece] for piece in pieces]
        assert list(row["token_continuing"]) == trimmed(list(map(sum, continuing)))
        assert list(row["token_lead"]) == trimmed([[*flags, False].index(False) for flags in continuing])


def trimmed(numbers: list[int]) -> list[int]:
    """Small numbers as a sidecar holds them: not at all where all are zero."""
    return numbers if any(numbers) else []


def test_census_of_rows_of_one_document(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Of documents that surely fit no tokens, of others the first of a row; then all tokens, preferred once counted."""
    texts = [
        ("a", "the cats"),
        ("b", "the cats "),
        ("c", ""),
        ("d", "caf\u00e9 the"),
        ("e", "cafe\u0301"),
        ("f", "x" * 9),
    ]
    path = write_shard(tmp_path / "s.jsonl", texts)
    few = count_shard(path, counting_of(path, tokenizer, row_tokens=8), lambda _: None)
    assert few.tokens is None
    keys = SidecarKeys.of(few.sha256, "text", "id", tokenizer.sha256, 8)
    assert sorted(sidecars(path)) == sorted([keys.documents, str(keys.tokens)])
    rows = pq.read_table(tmp_path / "census" / str(keys.tokens)).to_pylist()
    counts = [len(tokenizer.tokenizer.encode(text).ids) for _, text in texts]
    assert [row["tokens"] for row in rows] == [None, counts[1], None, counts[3], counts[4], 8]
    assert [sum(row["token_bytes"]) for row in rows] == [0, 9, 0, 9, 5, 8]
    whole = count(path, tokenizer)
    assert whole == few.model_copy(update={"tokens": sum(counts)})
    assert count_shard(path, counting_of(path, tokenizer, row_tokens=8), lambda _: None) == whole


def test_census_of_rows_where_nothing_may_be_left_out(tmp_path: Path) -> None:
    """With a tokenizer whose tokens are not the text, rows of one document are counted whole."""
    tokenizer = TextTokenizer.load(vocabularies.saved(tmp_path, vocabularies.sentence_piece()))
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    found = count_shard(path, counting_of(path, tokenizer, row_tokens=100), lambda _: None)
    assert found == count(path, tokenizer)
    assert found.tokens is not None


def test_rewritten_documents_are_marked(tmp_path: Path) -> None:
    """Where tokens do not decode to the normalised text, the document is marked, and no other."""
    tokenizer = TextTokenizer.load(vocabularies.saved(tmp_path, vocabularies.byte_level(prefix_space=True)))
    path = write_shard(tmp_path / "s.jsonl", [("a", "the"), ("b", " the"), ("c", ""), ("d", "cafe\u0301")])
    keys = SidecarKeys.of(count(path, tokenizer).sha256, "text", "id", tokenizer.sha256)
    tokens = pq.read_table(tmp_path / "census" / str(keys.tokens))
    assert tokens["rewritten"].to_pylist() == [True, False, False, True]


def test_same_bytes_whenever_and_wherever(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Two countings of one shard, under other names and in other folders, write the same sidecars byte for byte."""
    found = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        path = write_shard(tmp_path / name / f"{name}.jsonl", DOCUMENTS)
        count(path, tokenizer)
        found.append(sidecars(path))
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_batches_of_any_size_count_the_same(
    tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many documents are tokenised at once, the census says the same."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS * 5)
    whole = count(path, tokenizer)
    tables = [pq.read_table(one).to_pylist() for one in sorted((tmp_path / "census").iterdir())]
    for size in (1, 30, 60):
        for one in (tmp_path / "census").iterdir():
            one.unlink()
        monkeypatch.setattr(counting, "BATCH_CHARACTERS", size)
        assert count(path, tokenizer) == whole
        assert [pq.read_table(one).to_pylist() for one in sorted((tmp_path / "census").iterdir())] == tables


def test_census_is_used_again(tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run over the same shard, or a copy of it, reads no document and gives the same entry."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    first = count(path, tokenizer)
    before = sidecars(path)
    monkeypatch.setattr(counting, "read_shard", None)
    assert count(path, tokenizer) == first
    copy = write_shard(tmp_path / "copy.jsonl", DOCUMENTS)
    assert count(copy, tokenizer) == first.model_copy(update={"path": str(copy)})
    assert sidecars(path) == before


def test_each_tokenizer_and_each_field_has_its_own_census(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Other tokens or another text field are counted anew, beside what is there."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(json_line("a", "the cats", body="x"))
    other = TextTokenizer.load(vocabularies.saved(tmp_path, vocabularies.sentence_piece()))
    assert count(path).tokens is None
    counted = {
        count(path, one, fields=Fields(field)).tokens for one in (tokenizer, other) for field in ("text", "body")
    }
    assert len(counted) > 1
    assert len(sidecars(path)) == 6


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_bad_lines_are_refused_by_number_and_nothing_is_left(
    ending: str, tokenizer: TextTokenizer, tmp_path: Path
) -> None:
    """Every bad line is counted, the first three are told with reasons, the way out is named, no file is written."""
    path = tmp_path / f"s{ending}"
    path.write_bytes(packed(json_line("a", "x") + BAD_LINE * 5 + json_line("b", "y"), path.name))
    with pytest.raises(CorpusError) as error:
        count(path, tokenizer)
    assert str(path) in str(error.value)
    assert "5 bad lines: line 2: 'text' is 5" in str(error.value)
    assert "line 4" in str(error.value)
    assert "line 5" not in str(error.value)
    assert "(and 2 more)" in str(error.value)
    assert "--skip-bad" in str(error.value)
    assert sidecars(path) == {}


def test_skipped_lines_are_recorded(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """--skip-bad leaves bad lines out and records each; without it the census that they made is refused again."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(BAD_LINE + json_line("a", "the cats") + b"{\n" + json_line("b", "x"))
    shard = count(path, tokenizer, skip_bad=True)
    assert (shard.documents, [one.line for one in shard.skipped]) == (2, [1, 3])
    assert shard.skipped[0] == Skipped(line=1, reason="'text' is 5, expected a string")
    assert count(path, tokenizer, skip_bad=True) == shard
    with pytest.raises(CorpusError, match="2 bad lines: line 1"):
        count(path, tokenizer)
    without = count(path, None, skip_bad=True)
    assert without == shard.model_copy(update={"tokens": None})


@pytest.mark.parametrize("content", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("skip_bad", [False, True])
def test_shard_without_documents(content: bytes, skip_bad: bool, tmp_path: Path) -> None:
    """A shard in which no document stands is refused, and leaves no census."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="no document"):
        count(path, skip_bad=skip_bad)
    assert sidecars(path) == {}


def test_misnamed_shard_is_read_once_it_has_its_name(tmp_path: Path) -> None:
    """A compressed shard that was called .jsonl is refused under that name, and counted under the right one."""
    content = packed(json_line("a", "x"), "s.jsonl.gz")
    wrong, right = tmp_path / "s.jsonl", tmp_path / "s.jsonl.gz"
    wrong.write_bytes(content)
    right.write_bytes(content)
    for skip_bad in (False, True):
        with pytest.raises(CorpusError, match="line 1"):
            count(wrong, skip_bad=skip_bad)
    assert count(right).documents == 1


def test_truncated_shard_is_refused_and_its_beginning_can_be_kept(tmp_path: Path) -> None:
    """A cut stream is refused with the line; --skip-bad keeps what stands before, and says so in the manifest."""
    path = write_shard(tmp_path / "s.jsonl.gz", [(str(number), f"text {number} " * 200) for number in range(50)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(CorpusError, match="truncated"):
        count(path)
    shard = count(path, skip_bad=True)
    assert 0 < shard.documents < 50
    assert [one.line for one in shard.skipped] == [shard.documents + 1]
    assert "truncated" in shard.skipped[0].reason


@pytest.mark.parametrize("ending", ENDINGS)
def test_shard_that_changes_while_it_is_read(ending: str, tmp_path: Path) -> None:
    """A shard that somebody writes to meanwhile is refused, and leaves no census."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    later = tmp_path / f"t{ending}"
    write_shard(later, [*DOCUMENTS, ("e", "more")])

    def replace(_: int) -> None:
        if later.exists():
            path.write_bytes(later.read_bytes())
            later.unlink()

    with pytest.raises(CorpusError, match=r"changed while it was being read|bad line"):
        count_shard(path, counting_of(path), replace)
    assert sidecars(path) == {}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_interrupted_counting_leaves_nothing_and_can_be_done_again(
    interruption: type[BaseException], tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, no file stands in the folder; the next run counts everything."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    whole = count(write_shard(tmp_path / "copy.jsonl", DOCUMENTS), tokenizer)
    for one in (tmp_path / "census").iterdir():
        one.unlink()
    monkeypatch.setattr(counting, "BATCH_CHARACTERS", 1)
    calls = 0

    def encode_some(self: TextTokenizer, texts: list[str]) -> list[object]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise interruption
        return [*map(original_one, texts)]

    original = TextTokenizer.encode

    def original_one(text: str) -> object:
        return original(tokenizer, [text])[0]

    monkeypatch.setattr(TextTokenizer, "encode", encode_some)
    with pytest.raises(interruption):
        count(path, tokenizer)
    assert sidecars(path) == {}
    assert count(path, tokenizer) == whole.model_copy(update={"path": str(path)})


def test_missing_half_of_a_census_is_made_again(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """When one of the two sidecars is gone both are made again, as they were."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    shard = count(path, tokenizer)
    before = sidecars(path)
    for name in before:
        (tmp_path / "census" / name).unlink()
        assert count(path, tokenizer) == shard
        assert sidecars(path) == before


@pytest.mark.parametrize("content", [b"", b"PAR1 no Parquet PAR1"])
def test_damaged_census_is_named(content: bytes, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """A sidecar that cannot be read, or that nobody made here, is an error that says to delete it."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    count(path, tokenizer)
    for one in (tmp_path / "census").iterdir():
        whole = one.read_bytes()
        one.write_bytes(content)
        with pytest.raises(CensusError, match="Delete it") as error:
            count(path, tokenizer)
        assert one.name in str(error.value)
        pq.write_table(pq.read_table(write_shard(tmp_path / "other.parquet", DOCUMENTS)), one)
        with pytest.raises(CensusError, match="Delete it"):
            count(path, tokenizer)
        one.write_bytes(whole)


def test_census_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file where the folder should be is an error that names --census."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    (tmp_path / "census").write_text("a file")
    with pytest.raises(UsageError, match="--census"):
        count(path)
    with pytest.raises(UsageError, match="--census"):
        count_shard(path, Counting(Fields(), None, tmp_path / "census" / "deeper"), lambda _: None)


def test_shard_that_is_not_there(tmp_path: Path) -> None:
    """A missing shard and a folder are errors with their path."""
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("missing.jsonl", "folder.jsonl"):
        with pytest.raises(CorpusError, match=name):
            count(tmp_path / name)


@pytest.mark.parametrize("ending", ENDINGS)
def test_progress_is_told_in_bytes_of_the_file(ending: str, tmp_path: Path) -> None:
    """The bytes that are reported are the file's, also when the census is only looked up."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    for _ in range(2):
        told: list[int] = []
        count_shard(path, counting_of(path), told.append)
        assert sum(told) == path.stat().st_size


def test_provenance_of_a_sidecar(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Each sidecar says which versions made it, and what it counted."""
    path = write_shard(tmp_path / "s.jsonl", DOCUMENTS)
    shard = count(path, tokenizer)
    notes = [sidecar_metadata(one) for one in sorted((tmp_path / "census").iterdir())]
    assert [sorted(set(note) - {"versions"}) for note in notes] == [["tokens"], ["characters", "documents", "skipped"]]
    assert notes[0]["tokens"] == shard.tokens
    assert all({"tokenizers", "pyarrow", "exposure"} <= set(note["versions"]) for note in notes)
    json.dumps(notes)


def test_tokenizer_that_loses_bytes_still_fits_its_text(tmp_path: Path) -> None:
    """Where the vocabulary lacks bytes of a character, token lengths are those of the text that is shown for it."""
    tokenizer = TextTokenizer.load(vocabularies.saved(tmp_path, vocabularies.byte_level(None, all_bytes=False)))
    path = write_shard(tmp_path / "s.jsonl", [("a", "the ã caf é"), ("b", "the café"), ("c", "©ã"), ("d", "")])
    keys = SidecarKeys.of(count(path, tokenizer).sha256, "text", "id", tokenizer.sha256)
    shown = ["the \ufffd caf é", "the café", "\ufffd\ufffd", ""]
    for row, text in zip(pq.read_table(tmp_path / "census" / str(keys.tokens)).to_pylist(), shown, strict=True):
        assert sum(row["token_bytes"]) == len(text.encode())
        assert sum(row["token_bytes"]) - sum(row["token_continuing"]) == len(text)
        assert row["rewritten"] == ("\ufffd" in text)
