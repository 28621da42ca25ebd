"""Documents as the census knows them: given back as they were, or refused because they are not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import vocabularies
from corpora import ENDINGS, json_line, packed, write_shard

from exposure.census import Census
from exposure.errors import CensusError, CorpusError, QuestionError, TokenizerError
from exposure.orders import DataOrder
from indexer.batches import batch_rows
from indexer.documents import documents_at, packed_at, text_blocks
from indexer.manifest import RunOptions, make_manifest
from indexer.tokens import TextTokenizer

DOCUMENTS = [(f"d{number}", f"text number {number} é") for number in range(7)]


def run_over(folder: Path, ending: str, documents: list[tuple[str, str]] = DOCUMENTS, skip_bad: bool = False) -> Census:
    """A run without a tokenizer over one shard, which is written when it is not there."""
    path = folder / f"s{ending}"
    if not path.exists():
        write_shard(path, documents)
    options = RunOptions((str(path),), "document-per-row", 2, skip_bad=skip_bad, census=folder / "census")
    return Census.open(make_manifest(options))


def scanned(census: Census) -> list[tuple[int, str, str]]:
    """(number, id, text) of every document, read in order."""
    return [
        (number, block.id_of(number), block.passage(index))
        for block in text_blocks(census, 0, None)
        for index, number in enumerate(block.document.tolist())
    ]


def fetched(census: Census) -> list[tuple[int, str, str]]:
    """(number, id, text) of every document, by its number."""
    return [(one.index, one.id, one.text) for one in packed_at(census, 0, range(7), None)]


READERS: list[Callable[[Census], object]] = [scanned, fetched]


@pytest.mark.parametrize("ending", ENDINGS)
def test_unchanged_shard(ending: str, tmp_path: Path) -> None:
    """Every document comes with its number, id and text, whichever way it is read."""
    census = run_over(tmp_path, ending)
    expected = [(number, id_, text) for number, (id_, text) in enumerate(DOCUMENTS)]
    assert scanned(census) == fetched(census) == expected


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "change",
    [
        lambda documents: [documents[1], documents[0], *documents[2:]],
        lambda documents: [*documents[:3], ("d3", "text number 3 è"), *documents[4:]],
        lambda documents: documents[:-1],
        lambda documents: documents[1:],
        lambda documents: [("new", "a new one"), *documents],
        lambda documents: [*documents[:3], ("d3", ""), *documents[4:]],
    ],
    ids=["swapped", "one letter", "one less", "first missing", "one in front", "emptied"],
)
@pytest.mark.parametrize("read", READERS)
def test_changed_shard(
    read: Callable[[Census], object],
    change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]],
    ending: str,
    tmp_path: Path,
) -> None:
    """Another text at a place, a swap, a document more or less: refused with the shard's name, never answered."""
    census = run_over(tmp_path, ending)
    write_shard(tmp_path / f"s{ending}", change(DOCUMENTS))
    with pytest.raises(CorpusError, match="has changed since its manifest was made") as error:
        read(census)
    assert f"s{ending}" in str(error.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_documents_appended_to_a_shard(ending: str, tmp_path: Path) -> None:
    """A scan refuses a shard that has grown; documents that stand where they stood can still be shown."""
    census = run_over(tmp_path, ending)
    write_shard(tmp_path / f"s{ending}", [*DOCUMENTS, ("new", "one more")])
    with pytest.raises(CorpusError, match="one document more than the 7"):
        scanned(census)
    assert len(fetched(census)) == 7


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_same_documents_in_another_file(ending: str, tmp_path: Path) -> None:
    """The same documents compressed anew are another file: a scan holds the whole file against its digest."""
    census = run_over(tmp_path, ending)
    path = tmp_path / f"s{ending}"
    if ending == ".parquet":
        write_shard(path, DOCUMENTS, group=2)
    else:
        lines = b"".join(json_line(*one) for one in DOCUMENTS)
        path.write_bytes(packed(lines[:40], path.name) + packed(lines[40:], path.name))
    with pytest.raises(CorpusError, match="its sha256 is"):
        scanned(census)
    assert len(fetched(census)) == 7


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("read", READERS)
def test_missing_shard(read: Callable[[Census], object], ending: str, tmp_path: Path) -> None:
    """A shard that is gone is an error with its path."""
    census = run_over(tmp_path, ending)
    (tmp_path / f"s{ending}").unlink()
    with pytest.raises(CorpusError, match="make the manifest again"):
        read(census)


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_shard_cut_after_the_census(ending: str, tmp_path: Path) -> None:
    """A shard of which the end was lost later is refused at every cut; what is fetched all the same is all of it."""
    census = run_over(tmp_path, ending)
    path = tmp_path / f"s{ending}"
    whole, documents = path.read_bytes(), scanned(census)
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CorpusError):
            scanned(census)
        try:
            assert fetched(census) == documents
        except CorpusError as error:
            assert f"s{ending}" in str(error)  # noqa: PT017


def test_skipped_lines_stay_skipped(tmp_path: Path) -> None:
    """Lines that the census left out are passed over; one that has become good, and a new bad one, are refused."""
    path = tmp_path / "s.jsonl"
    lines = [json_line("a", "x"), b"{bad\n", json_line("b", "y"), b"[]\n", json_line("c", "z")]
    path.write_bytes(b"".join(lines))
    census = run_over(tmp_path, ".jsonl", skip_bad=True)
    expected = [(0, "a", "x"), (1, "b", "y"), (2, "c", "z")]
    assert scanned(census) == expected
    assert [(one.index, one.id, one.text) for one in packed_at(census, 0, [0, 1, 2], None)] == expected
    path.write_bytes(b"".join(lines).replace(b"{bad\n", b'{"text":"bad"}\n'))
    with pytest.raises(CorpusError, match="line 2"):
        scanned(census)
    path.write_bytes(b"".join(lines).replace(json_line("b", "y"), b"{bad too\n"))
    with pytest.raises(CorpusError, match="line 3: not valid JSON"):
        scanned(census)


def test_beginning_of_a_truncated_shard(tmp_path: Path) -> None:
    """A census that kept what stands before the damage reads just that again."""
    path = write_shard(tmp_path / "s.jsonl.gz", [(f"d{number}", f"text {number} " * 200) for number in range(50)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    census = run_over(tmp_path, ".jsonl.gz", skip_bad=True)
    kept = census.shards[0].shard.documents
    assert [id_ for _, id_, _ in scanned(census)] == [f"d{number}" for number in range(kept)]
    assert [one.id for one in packed_at(census, 0, [kept - 1], None)] == [f"d{kept - 1}"]


def test_documents_of_several_shards(tmp_path: Path) -> None:
    """Documents are found by (shard, number), each shard read once whatever the order of asking."""
    for number, ending in enumerate(ENDINGS):
        write_shard(tmp_path / f"s{number}{ending}", [(f"{number}/{place}", f"{number} {place}") for place in range(4)])
    order = make_manifest(RunOptions((str(tmp_path / "s*"),), "document-per-row", 2, census=tmp_path / "census"))
    places = [(3, 1), (0, 2), (3, 0), (0, 2), (2, 3)]
    found = documents_at(Census.open(order), places, None)
    assert {place: (one.id, one.text) for place, one in found.items()} == {
        (shard, place): (f"{shard}/{place}", f"{shard} {place}") for shard, place in places
    }


@pytest.mark.parametrize("packing", ["document-per-row", "concatenate"])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("change", ["text number 3 ", "text", "text number é", "text number e\u0301 "])
def test_changed_shard_of_a_run_with_tokens(packing: str, ending: str, change: str, tmp_path: Path) -> None:
    """Where tokens no longer fit the text, it is still the shard that is refused, for its change."""
    path = write_shard(tmp_path / f"s{ending}", DOCUMENTS)
    tokenizer = vocabularies.saved(tmp_path, vocabularies.byte_level())
    end = "</s>" if packing == "concatenate" else None
    options = RunOptions(
        (str(path),),
        packing,
        2,
        sequence_length=9,
        tokenizer=tokenizer,
        end_of_document=end,
        census=tmp_path / "census",
    )
    order = make_manifest(options)
    write_shard(path, [(id_, text.replace("text number ", change, 1)) for id_, text in DOCUMENTS])
    with pytest.raises(CorpusError, match="has changed since its manifest was made"):
        list(text_blocks(Census.open(order), 0, TextTokenizer.of_run(order)))


def test_shard_that_is_no_longer_utf_8(tmp_path: Path) -> None:
    """Bytes that make no character, where the tokenizer's normaliser would have to look: the shard is refused."""
    order = order_over(tmp_path)
    path = tmp_path / "s.jsonl"
    path.write_bytes(path.read_bytes().replace(b"text number 3", b"t\xf7\xbf\xbf\xbf\x80\xcc er 3"))
    with pytest.raises(CorpusError, match="has changed since its manifest was made"):
        list(text_blocks(Census.open(order), 0, TextTokenizer.of_run(order)))


# ---------------------------------------------------------------------------------------------------------- batches


def order_over(folder: Path) -> DataOrder:
    """A run over one shard of seven documents, two a batch, with a tokenizer."""
    path = write_shard(folder / "s.jsonl", DOCUMENTS)
    tokenizer = vocabularies.saved(folder, vocabularies.byte_level())
    options = RunOptions(
        (str(path),), "document-per-row", 2, sequence_length=4, tokenizer=tokenizer, census=folder / "census"
    )
    return make_manifest(options)


def test_batch_of_an_incomplete_last_step(tmp_path: Path) -> None:
    """The last batch holds what is left, and one sequence can be asked for alone."""
    order = order_over(tmp_path)
    assert [row.row for row in batch_rows(order, 4)] == [6]
    assert [row.row for row in batch_rows(order, 3)] == [4, 5]
    assert batch_rows(order, 3, sequence=1) == batch_rows(order, 3)[1:]


@pytest.mark.parametrize(("step", "sequence"), [(0, None), (-1, None), (5, None), (4, 1), (1, 2), (1, -1)])
def test_batch_outside_the_run(step: int, sequence: int | None, tmp_path: Path) -> None:
    """Steps and sequences that the run has not are refused with those that it has."""
    with pytest.raises(QuestionError, match=r"1 to 4|0 to [01]"):
        batch_rows(order_over(tmp_path), step, sequence)


def test_batch_of_a_shuffled_run_by_its_file(tmp_path: Path) -> None:
    """Rows come by the run's order, repeated ones as often as they stand in it."""
    order = order_over(tmp_path)
    shuffled = make_manifest(
        RunOptions(
            (str(tmp_path / "s.jsonl"),),
            "document-per-row",
            3,
            sequence_length=4,
            tokenizer=tmp_path / "tokenizer.json",
            epochs=2,
            shuffle_seed=6198,
            census=tmp_path / "census",
        )
    )
    texts = {row.row: row.text for step in range(1, 5) for row in batch_rows(order, step)}
    found = [row for step in range(1, shuffled.steps + 1) for row in batch_rows(shuffled, step)]
    assert [row.row for row in found] == shuffled.run_order.tolist()
    assert [row.text for row in found] == [texts[row.row] for row in found]
    assert sorted(row.row for row in found) == sorted([*range(7), *range(7)])


def test_batch_when_something_is_missing(tmp_path: Path) -> None:
    """A changed shard, another tokenizer and a missing census are each refused by name."""
    order = order_over(tmp_path)
    with pytest.raises(CensusError, match=r"census of .* Put it there"):
        batch_rows(order, 1, census=tmp_path / "elsewhere")
    tokenizer = tmp_path / "tokenizer.json"
    content = tokenizer.read_text()
    tokenizer.write_text(content + " ")
    with pytest.raises(TokenizerError, match="the manifest says"):
        batch_rows(order, 1)
    tokenizer.write_text(content)
    write_shard(tmp_path / "s.jsonl", DOCUMENTS[::-1])
    with pytest.raises(CorpusError, match="has changed"):
        batch_rows(order, 1)
