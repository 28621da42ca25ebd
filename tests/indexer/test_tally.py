"""The tally of a scan against plain counting, however the hits come and however often it merges."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.positions import invert
from exposure.segments import COUNTS_SCHEMA, EXPOSURES_SCHEMA
from indexer import tally as module
from indexer.rows import NO_TOKENS, Passage
from indexer.tally import Hits, Tally

ROWS = 5
hit = st.tuples(st.integers(0, 3), st.integers(0, ROWS - 1), st.integers(0, 6))
"""(phrase, row, character)."""


def passage(row: int) -> Passage:
    """The only passage of a row: 3 characters of prefix, and every character its own token of 2 bytes."""
    return Passage(row + 10, "éééééééé", 3, 2, row, f"d{row}", 100, 0, np.full(8, 2, dtype=np.uint16))


def add_up(
    hits: list[tuple[int, int, int]], order: list[int], batch: int, edges: list[int], keep: int, parts: list[int]
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The tally's two tables as tuples; `parts` cuts the hits into several calls."""
    slots = invert(np.array(order, dtype=np.int64) + 10, 10, 10 + ROWS)
    tally = Tally(7, slots, batch, np.array(edges, dtype=np.int64), keep)
    bounds = [0, *sorted(min(part, len(hits)) for part in parts), len(hits)]
    for start, end in pairwise(bounds):
        columns = np.array(hits[start:end], dtype=np.int64).reshape(-1, 3).T
        tally.add([passage(row) for row in range(ROWS)], Hits(*columns))
    counts, exposures = tally.result()
    assert (counts.schema, exposures.schema) == (COUNTS_SCHEMA, EXPOSURES_SCHEMA)
    return [tuple(row.values()) for row in counts.to_pylist()], [tuple(row.values()) for row in exposures.to_pylist()]


def expected(
    hits: list[tuple[int, int, int]], order: list[int], batch: int, edges: list[int], keep: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
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
    merge=st.sampled_from([1, 5, 1 << 18]),
)
def test_tally_is_a_loop_over_hits_and_slots(
    hits: list[tuple[int, int, int]],
    order: list[int],
    batch: int,
    edges: list[int],
    keep: int,
    parts: list[int],
    merge: int,
) -> None:
    """Rows shown never, once or often; hits in any order and any number of calls; merged always or at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MERGE_ROWS", merge)
        found = add_up(hits, order, batch, edges, keep, parts)
    assert found == expected(hits, order, batch, edges, keep)


def test_nothing_found_is_two_empty_tables() -> None:
    """A shard without a hit gives tables with columns and no rows."""
    tally = Tally(0, invert(np.array([10]), 10, 11), 1, np.array([0]), 8)
    tally.add([], Hits(*np.empty((3, 0), dtype=np.int64)))
    counts, exposures = tally.result()
    assert counts.equals(COUNTS_SCHEMA.empty_table())
    assert exposures.equals(EXPOSURES_SCHEMA.empty_table())


def test_without_a_tokenizer_there_is_no_token() -> None:
    """The token of an exposure is null where rows are whole documents."""
    tally = Tally(0, invert(np.array([10]), 10, 11), 1, np.array([0]), 8)
    tally.add([Passage(10, "abc", 0, 0, 0, "d", 0, 0, NO_TOKENS.size)], Hits(*np.array([[0], [0], [1]])))
    assert tally.result()[1]["token"].to_pylist() == [None]
