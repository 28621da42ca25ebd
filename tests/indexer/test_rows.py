"""Passages of rows, and the rows of batches, against rows decoded token by token."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import vocabularies
from corpora import ENDINGS, write_shard
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_rows import Cell, Packing, Place, documents_of_rows, packed_rows, text_of, whole_rows
from tokenizers import Tokenizer

from exposure.census import Census
from exposure.orders import DataOrder
from indexer.batches import batch_rows
from indexer.documents import packed_at, packed_batches
from indexer.manifest import RunOptions, make_manifest
from indexer.rows import Passage, cut, packer
from indexer.tokens import TextTokenizer

KINDS = {
    "bytes": vocabularies.byte_level(),
    "bytes alone": vocabularies.byte_level(size=259),
    "bytes, a space in front": vocabularies.byte_level(prefix_space=True),
    "pieces": vocabularies.sentence_piece(),
    "pieces, unknown ones lost": vocabularies.sentence_piece("unigram"),
}
PIECES = ["the", " cats", " ", "é", "e\u0301", "漢", "😀", "👩‍💻", "\n\n", "x", ".", "\ufffd", "<s>", "ภ", "\u00a0"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)
SHARDS = st.lists(st.lists(TEXT, min_size=1, max_size=4), min_size=1, max_size=3)
SPECIAL = st.lists(st.sampled_from(vocabularies.SPECIAL), max_size=2).map(tuple)


class Run(NamedTuple):
    """A run made by the software, and its rows as the oracle has them."""

    order: DataOrder
    census: Census
    tokenizer: TextTokenizer | None
    rows: list[list[Cell]]


def make_run(
    folder: Path, shards: Sequence[Sequence[str]], kind: str | None, packing: Packing | None, batch: int = 4
) -> Run:
    """Shards in files of alternating formats, their manifest, and the oracle's rows."""
    for number, texts in enumerate(shards):
        path = folder / f"s{number}{ENDINGS[(number + len(texts)) % 4]}"
        write_shard(path, [(name_of((number, place)), text) for place, text in enumerate(texts)], group=2)
    path = None if kind is None else vocabularies.saved(folder, KINDS[kind])
    options = RunOptions(
        corpus=(str(folder / "s?.*"),),
        packing="document-per-row" if packing is None or packing.end is None else "concatenate",
        batch_sequences=batch,
        sequence_length=packing.length if packing else None,
        tokenizer=path,
        end_of_document=packing.end if packing else None,
        row_prefix=packing.prefix if packing else (),
        row_suffix=packing.suffix if packing else (),
        census=folder / "census",
    )
    order = make_manifest(options)
    tokenizer = TextTokenizer.load(path) if path else None
    rows = packed_rows(shards, Tokenizer.from_str(KINDS[str(kind)]), packing) if packing else whole_rows(shards)
    return Run(order, Census.open(order), tokenizer, rows)


def name_of(place: Place) -> str:
    """The id of a document."""
    return f"{place[0]}/{place[1]}"


def passages_of(run: Run) -> list[tuple[int, Passage]]:
    """(shard, passage) of every passage of a run, in the order in which they are made."""
    found = []
    for shard in range(len(run.census.shards)):
        pack = packer(run.order, run.census, shard)
        for documents in packed_batches(run.census, shard, run.tokenizer):
            found += [(shard, passage) for document in documents for passage in pack(document)]
    return found


def check_passages(run: Run) -> None:
    """Every passage lies in its row as the oracle has it, character by character, and none is missing."""
    expected: dict[int, list[Place]] = defaultdict(list)
    for number, row in enumerate(run.rows):
        expected[number] = [place for place, _ in groupby(cell.document for cell in row) if place is not None]
    found: dict[int, list[Place]] = defaultdict(list)
    for shard, passage in passages_of(run):
        row = run.rows[passage.row]
        cells = row[passage.offset : passage.offset + len(passage.text)]
        assert text_of(cells) == passage.text
        assert {cell.document for cell in cells} <= {(shard, passage.document)}
        assert passage.document_id == name_of((shard, passage.document))
        assert passage.lead == len(cells) - len([*dropwhile_lead(cells)])
        for position, cell in enumerate(cells):
            assert passage.token_at(position) == cell.token
            assert position < passage.lead or passage.document_offset + position == cell.offset
        if passage.text:
            found[passage.row].append((shard, passage.document))
    assert {number: places for number, places in expected.items() if places} == found


def dropwhile_lead(cells: list[Cell]) -> list[Cell]:
    """The cells from the first on that begins a character of the document."""
    first = next((number for number, cell in enumerate(cells) if cell.offset is not None), len(cells))
    return cells[first:]


def check_batches(run: Run, documents: list[list[Place]]) -> None:
    """The rows of every batch are the oracle's, in order."""
    found = [row for step in range(1, run.order.steps + 1) for row in batch_rows(run.order, step)]
    assert [row.text for row in found] == list(map(text_of, run.rows))
    assert [row.row for row in found] == list(range(len(run.rows)))
    assert [row.documents for row in found] == [tuple(map(name_of, places)) for places in documents]
    assert [(row.step, row.batch, row.sequence) for row in found] == [
        (slot // 4 + 1, slot // 4, slot % 4) for slot in range(len(run.rows))
    ]
    assert [row.characters for row in found] == [len(row.text) for row in found]


def one_by_one(shards: Sequence[Sequence[str]]) -> list[list[Place]]:
    """The documents of rows that hold one each."""
    return [[(shard, number)] for shard, texts in enumerate(shards) for number in range(len(texts))]


# ------------------------------------------------------------------------------------------------------ the promises


@given(shards=SHARDS)
@settings(max_examples=15)
def test_without_a_tokenizer_a_row_is_a_document(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[str]]
) -> None:
    """Whole documents, at character 0 of their rows, without tokens."""
    run = make_run(tmp_path_factory.mktemp("run"), shards, None, None)
    check_passages(run)
    check_batches(run, one_by_one(shards))
    assert run.order.exactness == "approximate"


@pytest.mark.parametrize("kind", KINDS)
@given(shards=SHARDS, length=st.integers(1, 9), prefix=SPECIAL, suffix=SPECIAL)
@settings(max_examples=12)
def test_a_document_per_row(
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    shards: list[list[str]],
    length: int,
    prefix: tuple[str, ...],
    suffix: tuple[str, ...],
) -> None:
    """A document's first tokens between the row's special tokens, cut also inside a character."""
    packing = Packing(length + len(prefix + suffix), prefix, suffix)
    run = make_run(tmp_path_factory.mktemp("run"), shards, kind, packing)
    check_passages(run)
    check_batches(run, one_by_one(shards))


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[list[str]], Packing]:
    """Shards and a packing with at most as many tokens in a row as the shards surely have."""
    shards = draw(SHARDS)
    prefix = draw(SPECIAL)
    fewest = sum(len(text.split()) > 0 for texts in shards for text in texts) + sum(map(len, shards))
    length = draw(st.integers(1, fewest))
    return shards, Packing(length + len(prefix), prefix, (), draw(st.sampled_from(vocabularies.SPECIAL)))


@pytest.mark.parametrize("kind", KINDS)
@given(case=streams())
@settings(max_examples=20)
def test_documents_in_a_stream(
    tmp_path_factory: pytest.TempPathFactory, kind: str, case: tuple[list[list[str]], Packing]
) -> None:
    """Documents joined by end tokens and cut in rows: in the middle of shards, documents, tokens' characters."""
    shards, packing = case
    run = make_run(tmp_path_factory.mktemp("run"), shards, kind, packing)
    check_passages(run)
    check_batches(run, documents_of_rows(shards, Tokenizer.from_str(KINDS[kind]), packing))


@pytest.mark.parametrize("length", range(1, 9))
def test_every_length_over_characters_in_pieces(length: int, tmp_path: Path) -> None:
    """Four-byte characters of four tokens each, over three shards, cut at every place that a row length gives."""
    shards = [["😀x漢", "", "é😀"], ["漢"], ["", "😀😀"]]
    packing = Packing(length + 1, ("<s>",), (), "<|endoftext|>")
    run = make_run(tmp_path, shards, "bytes alone", packing)
    assert "\ufffd" in "".join(map(text_of, run.rows))
    check_passages(run)
    check_batches(run, documents_of_rows(shards, Tokenizer.from_str(KINDS["bytes alone"]), packing))


def test_tokens_of_bytes_that_another_row_began(tmp_path: Path) -> None:
    """Each stray byte at the beginning of a row belongs to its own token."""
    run = make_run(tmp_path, [["😀😀"]], "bytes alone", Packing(3, (), (), "</s>"))
    passages = [passage for _, passage in passages_of(run)]
    assert [passage.lead for passage in passages] == [0, 1, 2]
    assert [[p.token_at(n) for n in range(len(p.text))] for p in passages] == [[0], [0, 1], [0, 1]]


def test_shard_that_begins_rows_behind_the_last_one(tmp_path: Path) -> None:
    """Shards shorter than a row, several in one row, and one that starts at a row's first token."""
    shards = [["the"], ["cats", ""], ["x"], ["the the the the"], ["é"]]
    for length in (2, 3, 4, 7, 11):
        folder = tmp_path / str(length)
        folder.mkdir()
        packing = Packing(length, (), (), "</s>")
        run = make_run(folder, shards, "bytes", packing)
        check_passages(run)
        check_batches(run, documents_of_rows(shards, Tokenizer.from_str(KINDS["bytes"]), packing))


@given(
    texts=st.lists(st.text(st.sampled_from("the caféã©Ãñ"), max_size=9), min_size=1, max_size=6),
    length=st.integers(1, 6),
)
@settings(max_examples=15)
def test_vocabulary_that_lacks_bytes(tmp_path_factory: pytest.TempPathFactory, texts: list[str], length: int) -> None:
    """Where tokens are no characters, rows hold the other characters in their places, and passages fit their rows."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "few bytes", vocabularies.byte_level(None, all_bytes=False))
        for packing in (Packing(length), Packing(min(length, len(texts)), (), (), "</s>")):
            run = make_run(folder, [texts[:1], texts[1:] or ["the"]], "few bytes", packing)
            rows = [row.text for step in range(1, run.order.steps + 1) for row in batch_rows(run.order, step)]
            assert [row.replace("\ufffd", "") for row in rows] == [
                text_of(row).replace("\ufffd", "") for row in run.rows
            ]
            for _, passage in passages_of(run):
                assert rows[passage.row][passage.offset : passage.offset + len(passage.text)] == passage.text


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_documents_by_number_are_those_of_a_scan(kind: str | None, tmp_path: Path) -> None:
    """Random access gives the documents that reading in order gave, for every choice of two."""
    packing = None if kind is None else Packing(5, (), (), "</s>")
    run = make_run(tmp_path, [["the", "é 漢", "", "x"], ["cats", "the \u00a0 cats"]], kind, packing)
    for shard in range(2):
        every = [one for batch in packed_batches(run.census, shard, run.tokenizer) for one in batch]
        for first in range(len(every)):
            for second in range(first + 1, len(every)):
                found = packed_at(run.census, shard, [first, second], run.tokenizer)
                assert [(one.index, one.id, one.text) for one in found] == [
                    (one.index, one.id, one.text) for one in (every[first], every[second])
                ]
                assert [one.lengths.size.tolist() for one in found] == [
                    one.lengths.size.tolist() for one in (every[first], every[second])
                ]


@given(text=st.text(st.sampled_from("aé漢😀"), max_size=6), data=st.data())
def test_cut_is_by_bytes(text: str, data: st.DataObject) -> None:
    """A cut through a character leaves U+FFFD; the same from a text and from its bytes."""
    first = data.draw(st.integers(0, len(text.encode())))
    end = data.draw(st.integers(first, len(text.encode())))
    expected = text.encode()[first:end].decode("utf-8", "replace")
    assert cut(text, first, end) == cut(text.encode(), first, end) == expected


def test_passage_without_tokens_has_no_token() -> None:
    """Without a tokenizer there is no token to name."""
    passage = Passage(0, "abc", 0, 0, 0, "a", 0, 0, np.empty(0, dtype=np.uint16))
    assert passage.token_at(1) is None
