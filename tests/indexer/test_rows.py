"""Passages of rows, and the rows of batches, against rows decoded token by token."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise
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

from exposure.census import Census, ShardCensus
from exposure.errors import CensusError
from exposure.orders import DataOrder
from exposure.positions import sequential_slots
from exposure.token_block import TokenBlock
from indexer.batches import batch_rows
from indexer.blocks import GAP, Hits, TextBlock, laid_out
from indexer.compiled.packing import copy_passages
from indexer.compiled.vectors import PADDING
from indexer.cuts import cut
from indexer.documents import packed_at, text_blocks
from indexer.manifest import RunOptions, make_manifest
from indexer.tally import Tally
from indexer.token_sizes import TokenSizes, token_sizes
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
SIZES: dict[str, TokenSizes] = {}
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


def blocks_of(run: Run) -> list[tuple[int, TextBlock]]:
    """(shard, block) of every block of a run, in the order in which they are made."""
    return [
        (shard, block)
        for shard in range(len(run.census.shards))
        for block in text_blocks(run.census, shard, run.tokenizer)
    ]


def check_passages(run: Run) -> None:
    """Every passage lies in its row as the oracle has it, character by character, and none is missing."""
    expected: dict[int, list[Place]] = defaultdict(list)
    for number, row in enumerate(run.rows):
        expected[number] = [place for place, _ in groupby(cell.document for cell in row) if place is not None]
    found: dict[int, list[Place]] = defaultdict(list)
    for shard, block in blocks_of(run):
        check_layout(block)
        tokens = iter(resolved(run, shard, block))
        for index in range(len(block)):
            text, number = block.passage(index), int(block.row[index])
            cells = run.rows[number][block.offset[index] :][: len(text)]
            document = int(block.document[index])
            assert text_of(cells) == text
            assert {cell.document for cell in cells} <= {(shard, document)}
            assert block.id_of(document) == name_of((shard, document))
            assert block.lead[index] == len(cells) - len(dropwhile_lead(cells))
            for position, cell in enumerate(cells):
                place = (number, int(block.offset[index]) + position, cell.token, document)
                *kept, offset = next(tokens)
                assert tuple(kept) == place
                assert position < block.lead[index] or offset == cell.offset
            if text:
                found[number].append((shard, document))
    assert {number: places for number, places in expected.items() if places} == found


def check_layout(block: TextBlock) -> None:
    """Two line feeds stand around every passage, and padding at the end."""
    end = 0
    for first, last in zip(block.start.tolist(), block.end.tolist(), strict=True):
        assert first >= end + len(GAP)
        assert block.text[first - len(GAP) : first].tobytes() == block.text[last : last + len(GAP)].tobytes() == GAP
        end = last
    assert len(block.text) >= end + len(GAP) + PADDING


def resolved(run: Run, shard: int, block: TextBlock) -> list[tuple[int, int, int | None, int, int]]:
    """(row, offset, token, document, document offset) of every character of a block, each tallied as its own phrase."""
    starts = [
        (index, int(block.start[index]) + len(text[:position].encode()))
        for index in range(len(block))
        for text in [block.passage(index)]
        for position in range(len(text))
    ]
    phrases = np.random.default_rng(len(starts)).permutation(len(starts)).astype(np.int32)
    passage, start = np.array(starts, dtype=np.int64).reshape(-1, 2)[phrases].T
    sizes_of = run.tokenizer and SIZES.setdefault(run.tokenizer.sha256, token_sizes(run.tokenizer))
    slots = sequential_slots(0, run.order.rows, run.order.rows, 1)
    tally = Tally(shard, len(starts), slots, 4, np.array([0]), 1, sizes_of)
    tally.add(block, Hits(phrases, passage.astype(np.int32), start.copy()))
    columns = ("slot", "offset", "token", "document", "document_offset")
    return [tuple(row[name] for name in columns) for row in tally.result()[1].to_pylist()]


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
    ((shard, block),) = blocks_of(run)
    assert block.lead.tolist() == [0, 1, 2]
    assert [(row, token) for row, _, token, _, _ in resolved(run, shard, block)] == [
        *[(0, 0)],
        *[(1, 0), (1, 1)],
        *[(2, 0), (2, 1)],
    ]


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
            for _, block in blocks_of(run):
                for index, (row, offset) in enumerate(zip(block.row.tolist(), block.offset.tolist(), strict=True)):
                    assert rows[row][offset:].startswith(block.passage(index))


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_documents_by_number_are_those_of_a_scan(kind: str | None, tmp_path: Path) -> None:
    """Random access gives the documents that reading in order gave, for every choice of two."""
    packing = None if kind is None else Packing(100)
    run = make_run(tmp_path, [["the", "é 漢", "", "x"], ["cats", "the \u00a0 cats"]], kind, packing)
    for shard, block in blocks_of(run):
        every = [
            (number, block.id_of(number), block.passage(index), block.sizes[first:end].tolist())
            for index, (number, first, end) in enumerate(
                zip(block.document.tolist(), block.first_size, block.end_size, strict=True)
            )
        ]
        for first in range(len(every)):
            for second in range(first + 1, len(every)):
                found = packed_at(run.census, shard, [first, second], run.tokenizer)
                assert [(one.index, one.id, one.text, one.lengths.size.tolist()) for one in found] == [
                    every[first],
                    every[second],
                ]


@given(
    texts=st.lists(st.text(st.sampled_from("aaé漢😀"), max_size=120), min_size=1, max_size=3),
    cuts=st.sets(st.integers(0, 1000)),
)
def test_copies_of_passages(texts: list[str], cuts: set[int]) -> None:
    """Parts of any length lie apart in a new buffer; characters that a cut splits are U+FFFD as decoding has them."""
    source, starts, ends = laid_out([text.encode() for text in texts])
    parts = [
        (first, end, int(stop))
        for start, stop in zip(starts, ends, strict=True)
        for first, end in pairwise(sorted({int(start), int(stop), *(cut for cut in cuts if start < cut < stop)}))
    ]
    expected = [source[first:end].tobytes() for first, end, _ in parts]
    lead = [len(part) - len(part.lstrip(bytes(range(0x80, 0xC0)))) for part in expected]
    columns = np.array(parts, dtype=np.int64).reshape(-1, 3).T.copy()
    target = np.full(6 * len(source) + 11 * len(parts) + 2 + PADDING, 7, dtype=np.uint8)
    stops = np.empty((2, len(parts)), dtype=np.int64)
    used = copy_passages(source, *columns, np.array(lead, dtype=np.int64), target, stops)
    found = [target[start:stop].tobytes().decode() for start, stop in stops.T.tolist()]
    assert found == [part.decode("utf-8", "replace") for part in expected]
    assert target[:used].tobytes() == b"".join([GAP, *(text.encode() + GAP for text in found)])
    assert not target[used : used + PADDING].any()


@given(text=st.text(st.sampled_from("aé漢😀"), max_size=6), data=st.data())
def test_cut_is_by_bytes(text: str, data: st.DataObject) -> None:
    """A cut through a character leaves U+FFFD."""
    first = data.draw(st.integers(0, len(text.encode())))
    end = data.draw(st.integers(first, len(text.encode())))
    assert cut(text, first, end) == text.encode()[first:end].decode("utf-8", "replace")


@pytest.mark.parametrize("prefix", [(), ("<s>",)])
def test_documents_that_were_not_tokenised(prefix: tuple[str, ...], tmp_path: Path) -> None:
    """Passages and tokens are right where the census has no tokens, because the document surely fits as it stands."""
    shards = [["the cats", "e\u0301 the", "<|endoftext|>\u0338", ""], ["the cats " * 5, "漢 the cats", "\u0958 x"]]
    run = make_run(tmp_path, shards, "bytes", Packing(16 + len(prefix), prefix))
    known = [shard.token_block(0, shard.shard.documents).tokenised.tolist() for shard in run.census.shards]
    assert known == [[False, True, True, False], [True, False, True]]
    check_passages(run)
    check_batches(run, one_by_one(shards))


CUT, WHOLE, JOINED = Packing(2), Packing(24), Packing(2, end="</s>")


@pytest.mark.parametrize(("packing", "more"), [(CUT, 100), (WHOLE, 100), (WHOLE, -1), (JOINED, 100), (JOINED, -1)])
def test_census_of_other_tokens(packing: Packing, more: int, tmp_path: Path) -> None:
    """Lengths that cannot be those of a document's tokens are refused with the shard and the document."""
    run = make_run(tmp_path, [["the", "the cats the cats the cats"]], "bytes", packing)
    kept = ShardCensus.token_block

    def harmed(shard: ShardCensus, first: int, end: int) -> TokenBlock:
        block = kept(shard, first, end)
        size = block.size.astype(np.int64)
        size[block.offsets[1]] += more
        columns = (size.astype(np.uint16), block.continuing, block.lead)
        return TokenBlock.of(block.offsets, columns, block.rewritten, block.tokenised)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShardCensus, "token_block", harmed)
        with pytest.raises(CensusError, match=r"s0.*document 1 .*run init"):
            blocks_of(run)
