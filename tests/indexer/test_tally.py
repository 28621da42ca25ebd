"""The tally of a scan against plain counting, however the hits come and in how many calls, and whatever fills up."""

from __future__ import annotations

import weakref
from collections import defaultdict
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.positions import invert, sequential_slots
from exposure.segments import COUNTS_SCHEMA, EXPOSURES_SCHEMA
from indexer import bucket_counts, growing, kept_documents, kept_exposures
from indexer.blocks import Hits, TextBlock, laid_out
from indexer.tally import Tally
from indexer.token_sizes import TokenSizes

ROWS = 6
BLOCKS = ((0, 3), (3, 4), (4, ROWS))
"""Rows [first, end) of each block."""
hit = st.tuples(st.integers(0, 3), st.integers(0, ROWS - 1), st.integers(0, 6))
"""(phrase, row, character)."""
Rows = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


def block_of(first: int, texts: list[str], sizes: list[list[int]], lead: int = 0) -> TextBlock:
    """Documents from `first` on, each alone in row 10 + its number behind a prefix of 3 characters and 2 tokens."""
    text, starts, ends = laid_out([one.encode() for one in texts])
    same = np.ones(len(texts), dtype=np.int64)
    documents = first + np.arange(len(texts))
    places = np.cumsum([0] + [len(one) for one in sizes])
    flat = np.array([size for one in sizes for size in one], dtype=np.uint16)
    return TextBlock(
        text=text,
        start=starts,
        end=ends,
        row=documents + 10,
        offset=3 * same,
        token=2 * same,
        document=documents,
        document_offset=100 * same,
        lead=lead * same,
        sizes=flat,
        first_size=places[:-1],
        end_size=places[1:],
        id_of=lambda number: f"d{number}",
    )


def rows_block(first: int, end: int) -> TextBlock:
    """Rows of eight characters of two bytes, each its own token."""
    return block_of(first, ["éééééééé"] * (end - first), [[2] * 8] * (end - first))


def not_to_be_tokenised(texts: list[str]) -> list[Any]:
    """Stands for the tokenizer where all tokens are known."""
    pytest.fail(f"tokens of {texts} were asked for")


def add_up(
    hits: list[tuple[int, int, int]], order: list[int], batch: int, edges: list[int], keep: int, parts: list[int]
) -> Rows:
    """The tally's two tables as tuples; `parts` cuts the hits into several calls for each block."""
    slots = invert(np.array(order, dtype=np.int64) + 10, 10, 10 + ROWS)
    tally = Tally(7, 4, slots, batch, np.array(edges, dtype=np.int64), keep, not_to_be_tokenised)
    bounds = [0, *sorted(min(part, len(hits)) for part in parts), len(hits)]
    for start, stop in pairwise(bounds):
        for first, end in BLOCKS:
            block = rows_block(first, end)
            here = [(phrase, row - first, at) for phrase, row, at in hits[start:stop] if first <= row < end]
            phrase, passage, at = np.array(here, dtype=np.int64).reshape(-1, 3).T
            tally.add(block, Hits(phrase.astype(np.int32), passage.astype(np.int32), block.start[passage] + 2 * at))
    counts, exposures = tally.result()
    assert (counts.schema, exposures.schema) == (COUNTS_SCHEMA, EXPOSURES_SCHEMA)
    return [tuple(row.values()) for row in counts.to_pylist()], [tuple(row.values()) for row in exposures.to_pylist()]


def expected(hits: list[tuple[int, int, int]], order: list[int], batch: int, edges: list[int], keep: int) -> Rows:
    """The same by loops over every hit and every slot."""
    shown = [(phrase, slot, row, at) for phrase, row, at in hits for slot, held in enumerate(order) if held == row]
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for phrase, slot, _, _ in shown:
        buckets[phrase, max(edge for edge in edges if edge <= slot // batch)].append(slot // batch)
    counts = [(*key, len(held), min(held), max(held)) for key, held in sorted(buckets.items())]
    exposures = []
    for phrase in range(4):
        mine = sorted((slot, at, row) for one, slot, row, at in shown if one == phrase)
        for slot, at, row in mine if len(mine) <= keep else [*mine[:keep], mine[-1]]:
            exposures.append((phrase, slot, 3 + at, 2 + at, 7, row, f"d{row}", 100 + at))
    return counts, exposures


@given(
    hits=st.lists(hit, max_size=25),
    order=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=12),
    batch=st.integers(1, 4),
    edges=st.sets(st.integers(0, 12), max_size=4).map(lambda one: sorted({0, *one})),
    keep=st.integers(1, 4),
    parts=st.lists(st.integers(0, 25), max_size=3),
    most=st.sampled_from([1, 5, bucket_counts.MOST]),
    waiting=st.sampled_from([0, 400, 1 << 20]),
)
def test_tally_is_a_loop_over_hits_and_slots(
    hits: list[tuple[int, int, int]],
    order: list[int],
    batch: int,
    edges: list[int],
    keep: int,
    parts: list[int],
    most: int,
    waiting: int,
) -> None:
    """Rows shown never, once or often; hits in any order and any number of calls; cells full at once or never,
    blocks resolved at once or late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket_counts, "MOST", most)
        patch.setattr(growing, "LEAST_BYTES", 0)
        patch.setattr(kept_exposures, "WAITING_BYTES", waiting)
        patch.setattr(kept_documents, "LEAST_HELD", 0)
        found = add_up(hits, order, batch, edges, keep, parts)
    assert found == expected(hits, order, batch, edges, keep)


def one_tally(sizes_of: TokenSizes | None = None, rows: int = ROWS, keep: int = 8) -> Tally:
    """A tally of up to a hundred phrases in which each row is shown once, in a batch of its own."""
    return Tally(0, 100, sequential_slots(10, 10 + rows, 10 + rows, 1), 1, np.array([0]), keep, sizes_of)


def hits_at(block: TextBlock, places: list[tuple[int, int, int]]) -> Hits:
    """Hits of (phrase, passage, byte in the passage)."""
    phrase, passage, byte = np.array(places, dtype=np.int64).reshape(-1, 3).T
    return Hits(phrase.astype(np.int32), passage.astype(np.int32), block.start[passage] + byte)


def test_nothing_found_is_two_empty_tables() -> None:
    """A shard without a hit gives tables with columns and no rows."""
    for blocks in ([], [rows_block(0, 0)], [rows_block(0, 2)]):
        tally = one_tally()
        for block in blocks:
            tally.add(block, hits_at(block, []))
        counts, exposures = tally.result()
        assert counts.equals(COUNTS_SCHEMA.empty_table())
        assert exposures.equals(EXPOSURES_SCHEMA.empty_table())


def test_without_a_tokenizer_there_is_no_token() -> None:
    """The token of an exposure is null where rows are whole documents."""
    block = block_of(0, ["abc"], [[]])
    tally = one_tally()
    tally.add(block, hits_at(block, [(0, 0, 1)]))
    assert tally.result()[1]["token"].to_pylist() == [None]


@given(
    texts=st.lists(st.text("aé漢😀", min_size=1, max_size=200), min_size=1, max_size=4, unique=True),
    data=st.data(),
)
def test_places_in_long_passages(texts: list[str], data: st.DataObject) -> None:
    """Characters and tokens of hits anywhere, whether the census knows the tokens or they are asked for at the end."""
    cuts = [data.draw(st.sets(st.integers(1, len(text.encode()))), label="token ends") for text in texts]
    sizes = [
        np.diff([0, *sorted({*ends, len(text.encode())})]).tolist() for ends, text in zip(cuts, texts, strict=True)
    ]
    known = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)), label="known")
    places = [(n, at) for n, text in enumerate(texts) for at in range(len(text))]
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=30), label="hits")
    block = block_of(0, texts, [one if is_known else [] for one, is_known in zip(sizes, known, strict=True)])

    def sizes_of(asked: list[str]) -> list[Any]:
        return [np.array(sizes[texts.index(text)], dtype=np.uint16) for text in asked]

    bytes_ = [len(texts[n][:at].encode()) for n, at in chosen]
    tally = one_tally(sizes_of, rows=len(texts))
    tally.add(block, hits_at(block, [(0, n, byte) for (n, _), byte in zip(chosen, bytes_, strict=True)]))
    rows = sorted(
        (n, 3 + at, 2 + sum(byte >= end for end in accumulate(sizes[n])), 100 + at)
        for (n, at), byte in zip(chosen, bytes_, strict=True)
    )
    found = [
        (row["slot"] - 10, row["offset"], row["token"], row["document_offset"]) for row in tally.result()[1].to_pylist()
    ]
    assert found == (rows if len(rows) <= 8 else [*rows[:8], rows[-1]])


def test_bytes_that_lead_a_passage() -> None:
    """A character's last bytes, which a row begins with, are U+FFFD each in the text and a byte each in its tokens."""
    block = block_of(0, ["\ufffd\ufffdab"], [[1, 1, 1, 1]], lead=2)
    tally = one_tally(not_to_be_tokenised)
    tally.add(block, hits_at(block, [(0, 0, 0), (1, 0, 3), (2, 0, 6), (3, 0, 7)]))
    found = tally.result()[1].to_pylist()
    assert [(row["token"], row["offset"], row["document_offset"]) for row in found] == [
        (2 + at, 3 + at, 100 + at) for at in range(4)
    ]


@pytest.mark.parametrize("edges", [[0], [0, 5], [0, 1 << 16], [0, (1 << 16) + 1]])
def test_buckets_of_many_batches(edges: list[int]) -> None:
    """First and last batches are exact in buckets wider than 65,536 batches."""
    shown = [0, 5, 65_535, 65_536, 65_537, 200_000]
    order = np.full(shown[-1] + 1, 11)
    order[shown] = 10
    block = rows_block(0, 1)
    tally = Tally(0, 1, invert(order, 10, 11), 1, np.array(edges), 1, not_to_be_tokenised)
    tally.add(block, hits_at(block, [(0, 0, 0)]))
    buckets: dict[int, list[int]] = defaultdict(list)
    for batch in shown:
        buckets[max(edge for edge in edges if edge <= batch)].append(batch)
    rows = [tuple(row.values()) for row in tally.result()[0].to_pylist()]
    assert rows == [(0, edge, len(held), held[0], held[-1]) for edge, held in buckets.items()]


class Id(str):
    """The id of a document, of which it can be seen whether anything holds it."""


@pytest.mark.parametrize("waiting", [0, kept_exposures.WAITING_BYTES])
def test_ids_are_held_of_kept_exposures_only(waiting: int) -> None:
    """However many documents hold a phrase, few ids are asked for, and those that are held do not grow with them."""
    asked: list[weakref.ref[Id]] = []

    def id_of(number: int) -> str:
        made = Id(f"d{number}")
        asked.append(weakref.ref(made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_documents, "LEAST_HELD", 10)
        patch.setattr(kept_exposures, "WAITING_BYTES", waiting)
        tally = one_tally(not_to_be_tokenised, rows=2000, keep=2)
        for first in range(0, 2000, 20):
            block = replace(rows_block(first, first + 20), id_of=id_of)
            tally.add(block, hits_at(block, [(0, at, 0) for at in range(20)]))
            assert sum(one() is not None for one in asked) <= 10
    assert tally.result()[1]["document_id"].to_pylist() == ["d0", "d1", "d1999"]
    assert len(asked) < 50  # of 2000 documents, 100 of which held the last exposure for a while
