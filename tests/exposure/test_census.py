"""The census as it is read: sidecars written here by hand, in the layout that the module's page promises."""

import json
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exposure.census import (
    TOKENS_SCHEMA,
    Census,
    ShardCensus,
    SidecarKeys,
    TokenBlock,
    TokenLengths,
    document_starts,
    sidecar_metadata,
    skipped_of,
)
from exposure.errors import CensusError
from exposure.orders import DataOrder, Packing, Shard, Skipped, TokenizerSpec

Token = tuple[int, int, int]
"""(bytes, continuing bytes, leading continuing bytes)."""
DOCUMENTS = ("line", "start", "characters", "crc32")


def shard_of(number: int, documents: list[list[Token]], tokenizer: bool = True) -> Shard:
    """The manifest's entry of a shard with these documents."""
    tokens = sum(map(len, documents)) if tokenizer else None
    return Shard(
        path=f"s{number}.jsonl",
        bytes=1,
        sha256=str(number) * 64,
        documents=len(documents),
        characters=0,
        tokens=tokens,
    )


def order_of(
    shards: list[list[list[Token]]], tokenizer: bool = True, packing: Packing = "document-per-row"
) -> DataOrder:
    """A manifest over shards of documents of tokens."""
    documents = sum(map(len, shards))
    return DataOrder(
        shards=tuple(shard_of(number, one, tokenizer) for number, one in enumerate(shards)),
        tokenizer=TokenizerSpec(path="t.json", sha256="70" * 32) if tokenizer else None,
        packing=packing,
        sequence_length=8 if tokenizer else None,
        batch_sequences=2,
        rows=documents,
        slots=documents,
        exactness="exact",
    )


def write_census(folder: Path, order: DataOrder, shards: list[list[list[Token]]], group: int = 3) -> None:
    """The sidecars of an order, written without the project; `group` documents in a row group."""
    for shard, documents in zip(order.shards, shards, strict=True):
        keys = keys_of(order, shard)
        facts = {b"exposure": json.dumps({"documents": len(documents), "skipped": []}).encode()}
        rows = pa.table({name: range(len(documents)) for name in DOCUMENTS})
        rows = rows.cast(pa.schema([*((name, pa.int64()) for name in DOCUMENTS[:3]), ("crc32", pa.uint32())]))
        pq.write_table(rows.replace_schema_metadata(facts), folder / keys.documents, write_page_checksum=True)
        if keys.tokens is not None:
            table = token_table(documents)
            pq.write_table(table, folder / keys.tokens, row_group_size=group, write_page_checksum=True)


def token_table(documents: list[list[Token]]) -> pa.Table:
    """A tokens sidecar: even documents are called rewritten."""
    columns: dict[str, Any] = {
        "tokens": pa.array(map(len, documents), pa.int64()),
        "rewritten": [number % 2 == 0 for number in range(len(documents))],
    }
    for place, name in enumerate(("token_bytes", "token_continuing", "token_lead")):
        columns[name] = pa.array([as_bytes([token[place] for token in one]) for one in documents], pa.large_binary())
    return pa.table(columns)


def as_bytes(numbers: list[int]) -> bytes:
    """Numbers as a sidecar holds them: none where all are zero, two bytes each where one of them needs two."""
    if not any(numbers):
        return b""
    return b"".join(number.to_bytes(2 if max(numbers) > 255 else 1, "little") for number in numbers)


def keys_of(order: DataOrder, shard: Shard) -> SidecarKeys:
    """The sidecar names of a shard."""
    return SidecarKeys.of(
        shard.sha256, order.text_field, order.id_field, order.tokenizer.sha256 if order.tokenizer else None
    )


TOKENS = st.tuples(st.integers(0, 300), st.integers(0, 9), st.integers(0, 9))
SHARDS = st.lists(st.lists(st.lists(TOKENS, max_size=4), min_size=1, max_size=9), min_size=1, max_size=3)
SMALL = [[[(1, 0, 0), (2, 1, 0)], [], [(3, 2, 1)]], [[(4, 0, 0)]]]


def small(folder: Path, tokenizer: bool = True) -> Census:
    """The census of two shards with three documents and one."""
    order = order_of(SMALL, tokenizer)
    write_census(folder, order, SMALL)
    return Census.open(order, folder)


@given(SHARDS, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_token_lengths_of_every_range(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[list[Token]]], group: int
) -> None:
    """For every shard and every range of documents: the lengths of just these documents, whatever the row groups."""
    folder = tmp_path_factory.mktemp("census")
    order = order_of(shards)
    write_census(folder, order, shards, group)
    census = Census.open(order, folder)
    for one, documents in zip(census.shards, shards, strict=True):
        for first in range(len(documents) + 1):
            for end in range(first, len(documents) + 1):
                found = one.token_lengths(first, end)
                read = [triples(d) for d in found]
                assert read == documents[first:end]
                assert [len(d) for d in found] == list(map(len, documents[first:end]))
                assert [d.characters.tolist() for d in found] == [
                    [a - b for a, b, _ in d] for d in documents[first:end]
                ]


def triples(lengths: TokenLengths) -> list[Token]:
    """Lengths token by token."""
    return list(zip(*(one.tolist() for one in (lengths.size, lengths.continuing, lengths.lead)), strict=True))


@given(SHARDS, st.integers(1, 4), st.data())
@settings(max_examples=40, deadline=None)
def test_token_blocks_of_any_ranges(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[list[Token]]], group: int, data: st.DataObject
) -> None:
    """Ranges asked for one after the other, in any order: flat columns of just these documents, one after the other."""
    folder = tmp_path_factory.mktemp("census")
    order = order_of(shards)
    write_census(folder, order, shards, group)
    for one, documents in zip(Census.open(order, folder).shards, shards, strict=True):
        for _ in range(4):
            first = data.draw(st.integers(0, len(documents)))
            end = data.draw(st.integers(first, len(documents)))
            block = one.token_block(first, end)
            assert len(block) == end - first
            assert block.offsets.tolist() == list(accumulate(map(len, documents[first:end]), initial=0))
            flat = [token for document in documents[first:end] for token in document]
            assert triples(TokenLengths(*block.columns)) == flat
            assert {column.dtype for column in block.columns} == {np.dtype(np.uint16)}
            assert block.rewritten.tolist() == [number % 2 == 0 for number in range(first, end)]
            assert block.tokenised.all()


@given(st.lists(st.none() | st.lists(TOKENS, max_size=4), max_size=9))
def test_blocks_come_back_from_their_table(documents: list[list[Token] | None]) -> None:
    """A block written as rows of a sidecar is read back as it was; None is a document that was not tokenised."""
    known = [one or [] for one in documents]
    flat = np.array([token for one in known for token in one], dtype=np.uint16).reshape(-1, 3)
    block = TokenBlock.of(
        np.array(list(accumulate(map(len, known), initial=0)), dtype=np.int64),
        [*flat.T],
        np.array([number % 2 == 0 for number in range(len(known))], dtype=np.bool_),
        np.array([one is not None for one in documents], dtype=np.bool_),
    )
    table = block.to_table()
    assert table.schema.equals(TOKENS_SCHEMA)
    assert table["tokens"].to_pylist() == [None if one is None else len(one) for one in documents]
    for place, name in enumerate(("token_bytes", "token_continuing", "token_lead")):
        assert table[name].to_pylist() == [as_bytes([token[place] for token in one]) for one in known]
    again = TokenBlock.of_table(table)
    assert [triples(again.document(index)) for index in range(len(again))] == known
    assert (again.rewritten == block.rewritten).all()
    assert again.tokenised.tolist() == [one is not None for one in documents]


@pytest.mark.parametrize("content", [b"\1\2\3", b"\1"])
def test_lengths_that_are_not_as_many_as_tokens(content: bytes) -> None:
    """A row with fewer or more lengths than tokens is refused, never read askew."""
    table = token_table([[(1, 0, 0), (2, 0, 0)]])
    with pytest.raises(ValueError, match="lengths"):
        TokenBlock.of_table(table.set_column(2, "token_bytes", pa.array([content], pa.large_binary())))


@given(SHARDS)
@settings(max_examples=40, deadline=None)
def test_shards_are_joined_end_to_end(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[list[Token]]]
) -> None:
    """Documents are numbered and tokens placed through all shards, each document followed by one token more."""
    folder = tmp_path_factory.mktemp("census")
    order = order_of(shards, packing="concatenate")
    write_census(folder, order, shards)
    census = Census.open(order, folder)
    assert census.first_documents.tolist() == list(accumulate(map(len, shards), initial=0))
    assert census.first_tokens.tolist() == list(
        accumulate((sum(map(len, one)) + len(one) for one in shards), initial=0)
    )
    for one, documents in zip(census.shards, shards, strict=True):
        assert one.tokens.tolist() == list(map(len, documents))
        assert one.rewritten.tolist() == [number % 2 == 0 for number in range(len(documents))]
        assert document_starts(one).tolist() == list(
            accumulate((len(document) + 1 for document in documents), initial=0)
        )
        assert one.documents["line"].to_pylist() == list(range(len(documents)))


def partial_table(documents: list[list[Token] | None]) -> pa.Table:
    """A tokens sidecar of rows of one document: None is a document that was not tokenised."""
    whole = token_table([one or [] for one in documents])
    return whole.set_column(0, "tokens", pa.array([None if one is None else len(one) for one in documents], pa.int64()))


def test_census_of_rows_of_one_document(tmp_path: Path) -> None:
    """Without the whole census that of the row's length serves, and says of which documents no tokens are known."""
    order = order_of(SMALL)
    write_census(tmp_path, order, SMALL)
    keys = [SidecarKeys.of(one.sha256, "text", "id", "70" * 32, 8) for one in order.shards]
    whole = Census.open(order, tmp_path)
    pq.write_table(partial_table([SMALL[0][0], None, SMALL[0][2]]), tmp_path / str(keys[0].tokens))
    assert keys[0].documents == whole.shards[0].keys.documents
    assert Census.open(order, tmp_path).shards == whole.shards, "the whole census is taken where it is there"
    (tmp_path / str(whole.shards[0].keys.tokens)).unlink()
    shard = Census.open(order, tmp_path).shards[0]
    assert shard.tokenised.tolist() == [True, False, True]
    assert shard.tokens.tolist() == [2, 0, 1]
    assert shard.token_block(0, 3).tokenised.tolist() == [True, False, True]
    assert shard.token_block(1, 3).offsets.tolist() == [0, 0, 1]


def test_other_rows_have_another_census(tmp_path: Path) -> None:
    """Neither rows of another length nor a stream are answered from what was counted for rows of one document."""
    order = order_of(SMALL)
    write_census(tmp_path, order, SMALL)
    for one, documents in zip(order.shards, SMALL, strict=True):
        whole, part = (SidecarKeys.of(one.sha256, "text", "id", "70" * 32, length).tokens for length in (None, 8))
        (tmp_path / str(whole)).unlink()
        pq.write_table(partial_table([*documents]), tmp_path / str(part))
    assert Census.open(order, tmp_path).shards[1].tokens.tolist() == [1]
    for other in ({"sequence_length": 9}, {"packing": "concatenate"}):
        with pytest.raises(CensusError, match="exposure run init"):
            Census.open(order.model_copy(update=other), tmp_path)


def test_census_is_found_where_the_manifest_says(tmp_path: Path) -> None:
    """Without another folder the manifest's own is taken."""
    folder = tmp_path / "census"
    folder.mkdir()
    small(folder)
    order = order_of(SMALL).model_copy(update={"census": str(folder)})
    assert Census.open(order).first_documents.tolist() == [0, 3, 4]


def test_run_without_a_tokenizer_counts_no_tokens(tmp_path: Path) -> None:
    """Only documents are counted then; asking for tokens is answered with a sentence."""
    census = small(tmp_path, tokenizer=False)
    assert census.first_documents.tolist() == [0, 3, 4]
    assert census.shards[0].documents.num_rows == 3
    with pytest.raises(CensusError, match="no tokenizer"):
        _ = census.shards[0].tokens
    with pytest.raises(CensusError, match="no tokenizer"):
        census.shards[0].token_lengths(0, 1)


@pytest.mark.parametrize("which", ["documents", "tokens"])
def test_missing_sidecar(which: str, tmp_path: Path) -> None:
    """A sidecar that is not there is named with its shard, and how to make it."""
    census = small(tmp_path)
    name = getattr(census.shards[1].keys, which)
    (tmp_path / name).unlink()
    with pytest.raises(CensusError, match="exposure run init") as error:
        Census.open(census.order, tmp_path)
    assert name in str(error.value)
    assert "s1.jsonl" in str(error.value)


def refusals(shard: ShardCensus) -> dict[str, str]:
    """What each way to read a shard's sidecars says when it refuses; a way that answers is not in it."""
    readers = {
        "documents": lambda: shard.documents,
        "tokens": lambda: shard.tokens,
        "rewritten": lambda: shard.rewritten,
        "lengths": lambda: shard.token_lengths(0, shard.shard.documents),
    }
    said = {}
    for name, read in readers.items():
        try:
            read()
        except CensusError as error:
            said[name] = str(error)
    return said


@pytest.mark.parametrize("which", ["documents", "tokens"])
@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "folder", "other columns", "other count"])
def test_damaged_sidecar(which: str, damage: str, tmp_path: Path) -> None:
    """A sidecar that is cut, replaced or of another shard is refused by every reader of it, saying what to do."""
    census = small(tmp_path)
    path = tmp_path / getattr(census.shards[0].keys, which)
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "other columns":
        pq.write_table(pa.table({"x": [1, 2, 3]}), path)
    elif damage == "other count":
        path.write_bytes((tmp_path / getattr(census.shards[1].keys, which)).read_bytes())
    else:
        path.write_bytes(
            {"empty": b"", "cut": content[: len(content) // 2], "garbage": b"PAR1" + b"x" * 99 + b"PAR1"}[damage]
        )
    said = refusals(census.shards[0])
    assert set(said) == ({"documents"} if which == "documents" else {"tokens", "rewritten", "lengths"})
    assert all("exposure run init" in one and path.name in one for one in said.values())


@pytest.mark.parametrize("which", ["documents", "tokens"])
def test_any_changed_byte_of_a_sidecar(which: str, tmp_path: Path) -> None:
    """A byte changed anywhere in a sidecar is refused, or changes nothing: pages carry checksums."""
    census = small(tmp_path)
    path = tmp_path / getattr(census.shards[0].keys, which)
    content = path.read_bytes()
    whole = everything(Census.open(census.order, tmp_path).shards[0])
    refused = 0
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            assert everything(Census.open(census.order, tmp_path).shards[0]) == whole, place
        except CensusError:
            refused += 1
    assert refused > len(content) // 12


def everything(shard: ShardCensus) -> list[Any]:
    """All that a shard's sidecars say."""
    lengths = shard.token_lengths(0, shard.shard.documents)
    columns = [[one.size.tolist(), one.continuing.tolist(), one.lead.tolist()] for one in lengths]
    return [shard.documents.to_pylist(), shard.tokens.tolist(), shard.rewritten.tolist(), columns]


def test_notes_of_a_sidecar(tmp_path: Path) -> None:
    """The maker's notes and skipped lines are read back; a Parquet file without notes has none."""
    notes = {"documents": 0, "skipped": [{"line": 3, "reason": "not valid JSON"}]}
    table = pa.table({"a": [1]})
    pq.write_table(table.replace_schema_metadata({b"exposure": json.dumps(notes).encode()}), tmp_path / "a")
    pq.write_table(table, tmp_path / "b")
    assert sidecar_metadata(tmp_path / "a") == notes
    assert skipped_of(tmp_path / "a") == (Skipped(line=3, reason="not valid JSON"),)
    assert sidecar_metadata(tmp_path / "b") == {}
    assert skipped_of(tmp_path / "b") == ()


@pytest.mark.parametrize("content", [b"", b"PAR1garbagePAR1", b"\x00" * 100])
def test_notes_of_a_damaged_sidecar(content: bytes, tmp_path: Path) -> None:
    """A sidecar that cannot be read is refused with its name and what to do."""
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(CensusError, match="Delete it"):
        sidecar_metadata(tmp_path / "a")


def test_sidecar_names_depend_on_content_only() -> None:
    """Digest of the shard, names of the fields and digest of the tokenizer make the name, each of them."""
    base = ("aa" * 32, "text", "id", "bb" * 32)
    variants = [
        base,
        ("ab" * 32, *base[1:]),
        (*base[:1], "body", *base[2:]),
        (*base[:2], "key", base[3]),
        (*base[:3], "cc" * 32),
    ]
    keys = [SidecarKeys.of(*one) for one in variants]
    lengths = [SidecarKeys.of(*base, length) for length in (8, 9)]
    assert len({keys[0].tokens, *(one.tokens for one in lengths)}) == 3
    assert {one.documents for one in lengths} == {keys[0].documents}
    assert SidecarKeys.of(*base) == keys[0]
    assert len({one.tokens for one in keys}) == 5
    assert len({one.documents for one in keys}) == 4
    assert keys[4].documents == keys[0].documents
    assert SidecarKeys.of(*base[:3], None) == SidecarKeys(keys[0].documents, None)
    assert SidecarKeys.of("a", "b,c", "d", None) != SidecarKeys.of("a", "b", "c,d", None)


def test_lengths_keep_their_types(tmp_path: Path) -> None:
    """Lengths are 16-bit numbers, sums over them are not."""
    lengths = small(tmp_path).shards[0].token_lengths(0, 3)
    assert {column.dtype for one in lengths for column in (one.size, one.continuing, one.lead)} == {np.dtype(np.uint16)}
    assert lengths[0].characters.dtype == np.int64
