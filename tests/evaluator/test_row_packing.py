"""Sequences as tries in rows: nothing is lost, nothing is seen that should not be, nothing is fed twice in a row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.model_inputs import ancestor_mask
from evaluator.plain_rows import plain_rows
from evaluator.row_packing import ROW_WIDTH, packed_rows, row_width
from evaluator.rows import NO_SLOT, Rows, RowSet
from evaluator.sequences import TokenSequences
from evaluator.tries import sort_sequences

SEQUENCES = st.lists(
    st.lists(st.integers(0, 3), min_size=2, max_size=9).map(tuple), min_size=1, max_size=40, unique=True
)
FIRST_TARGETS = st.lists(st.integers(1, 8), min_size=40, max_size=40)
WIDTHS = st.integers(8, 40)


def sequences_of(drawn: list[tuple[int, ...]], first_targets: list[int]) -> TokenSequences:
    """The drawn sequences; a first target lies within its sequence."""
    firsts = [min(first, len(one) - 1) for one, first in zip(drawn, first_targets, strict=False)]
    return TokenSequences.of([np.array(one, dtype=np.int32) for one in drawn], np.array(firsts))


def ancestors(rows: Rows, row: int, place: int) -> list[int]:
    """Places of what the node sees, itself last, by the mask that the model is given."""
    assert rows.ancestry is not None
    mask = ancestor_mask(rows.ancestry, torch.device("cpu"), torch.float32)
    assert set(mask.unique().tolist()) <= {0.0, torch.finfo(torch.float32).min}
    return torch.nonzero(mask[row, 0, place] == 0)[:, 0].tolist()


def read_back(rows: RowSet) -> dict[int, tuple[int, ...]]:
    """Of every slot, the tokens that its edge's node sees, and the edge's target."""
    found = {}
    for group in rows.groups:
        for node, target, slot in zip(group.edge_nodes, group.edge_targets, group.edge_slots, strict=True):
            row, place = divmod(int(node), group.width)
            seen = range(place + 1) if group.ancestry is None else ancestors(group, row, place)
            assert int(slot) not in found
            found[int(slot)] = (*group.token_ids[row, list(seen)].tolist(), int(target))
    return found


def check(sequences: TokenSequences, rows: RowSet) -> None:
    """Every target has a slot whose edge is its beginning and itself; other tokens have none."""
    beginnings = read_back(rows)
    assert len(beginnings) == rows.n_slots
    for sequence in range(len(sequences)):
        start, end = sequences.starts[sequence : sequence + 2]
        for token in range(start, end):
            if sequences.is_target[token]:
                assert beginnings[int(rows.slots[token])] == tuple(sequences.ids[start : token + 1].tolist())
            else:
                assert rows.slots[token] == NO_SLOT


@settings(deadline=None)
@given(SEQUENCES, FIRST_TARGETS, WIDTHS)
def test_every_target_is_read_back(drawn: list[tuple[int, ...]], firsts: list[int], width: int) -> None:
    """Whatever the sequences and the width: a target's edge sees exactly its beginning, token by token."""
    sequences = sequences_of(drawn, firsts)
    check(sequences, packed_rows(sequences, sort_sequences(sequences), width))


@settings(deadline=None)
@given(SEQUENCES, FIRST_TARGETS)
def test_every_target_is_read_back_from_plain_rows(drawn: list[tuple[int, ...]], firsts: list[int]) -> None:
    """The same of the plain layout."""
    sequences = sequences_of(drawn, firsts)
    check(sequences, plain_rows(sequences))


@settings(deadline=None)
@given(SEQUENCES, FIRST_TARGETS, WIDTHS)
def test_positions_are_depths(drawn: list[tuple[int, ...]], firsts: list[int], width: int) -> None:
    """A node's position is the number of its ancestors; padding stands alone at position 0 and is asked nothing."""
    sequences = sequences_of(drawn, firsts)
    (rows,) = packed_rows(sequences, sort_sequences(sequences), width).groups
    assert rows.ancestry is not None
    for row in range(len(rows)):
        for place in range(width):
            assert rows.ancestry.depths[row, place] == len(ancestors(rows, row, place)) - 1


@settings(deadline=None)
@given(SEQUENCES, WIDTHS)
def test_one_edge_for_each_beginning(drawn: list[tuple[int, ...]], width: int) -> None:
    """Edges are as many as distinct beginnings, each beginning is asked about at one node, and no row holds one twice.

    Only where the first sequence with a beginning ends there, and is not fed to its end, is it asked about elsewhere.
    """
    sequences = sequences_of(drawn, [1] * 40)
    rows = packed_rows(sequences, sort_sequences(sequences), width)
    assert rows.n_slots == len({one[:end] for one in drawn for end in range(2, len(one) + 1)})
    (group,) = rows.groups
    parents = {one[:end] for one in drawn for end in range(1, len(one))}
    extra = len(set(group.edge_nodes.tolist())) - len(parents)
    assert 0 <= extra <= len(parents & set(drawn))
    for row in range(len(group)):
        seen = [tuple(group.token_ids[row, ancestors(group, row, place)].tolist()) for place in range(width)]
        real = [one for one in seen if one in parents]
        assert len(set(real)) >= len(set(seen)) - 1  # padding is a single token, which may begin no sequence
        padding = sum(one == seen[-1] for one in seen) - 1
        assert len(seen) - len(set(seen)) <= padding


@settings(deadline=None)
@given(SEQUENCES)
def test_sorting(drawn: list[tuple[int, ...]]) -> None:
    """Sequences are sorted as tuples are, and each is told how much it shares with the one before."""
    sequences = sequences_of(drawn, [1] * 40)
    ordered = sort_sequences(sequences)
    expected = sorted(drawn)
    assert [drawn[place] for place in ordered.order] == expected
    for place, shared in enumerate(ordered.shared.tolist()):
        before = expected[place - 1] if place else ()
        assert shared == next(
            (n for n, (a, b) in enumerate(zip(before, expected[place], strict=False)) if a != b),
            min(len(before), len(expected[place])),
        )


def test_large_ids_sort_as_numbers() -> None:
    """Ids of several bytes are compared as numbers, not by their lowest byte."""
    sequences = TokenSequences.of([np.array([1, one], np.int32) for one in (70_000, 255, 256, 3)], np.ones(4, np.int64))
    assert sort_sequences(sequences).order.tolist() == [3, 1, 2, 0]


@pytest.mark.parametrize(
    ("longest", "width"), [(0, ROW_WIDTH), (1, ROW_WIDTH), (64, ROW_WIDTH), (65, 256), (2047, 4096), (2048, 4096)]
)
def test_row_width(longest: int, width: int) -> None:
    """A row has room for two of the longest, in steps of one width."""
    assert row_width(longest) == width


@settings(deadline=None)
@given(SEQUENCES, FIRST_TARGETS, WIDTHS, st.data())
def test_parts_are_rows(drawn: list[tuple[int, ...]], firsts: list[int], width: int, data: st.DataObject) -> None:
    """Rows taken apart anywhere hold together what they held as one."""
    sequences = sequences_of(drawn, firsts)
    whole = packed_rows(sequences, sort_sequences(sequences), width)
    (group,) = whole.groups
    cut = data.draw(st.integers(0, len(group)))
    parts = [group.part(0, cut), group.part(cut, len(group) + 5)]
    assert sum(map(len, parts)) == len(group)
    assert read_back(RowSet([part for part in parts if len(part)], whole.slots, whole.n_slots)) == read_back(whole)


@settings(deadline=None)
@given(SEQUENCES, FIRST_TARGETS, st.data())
def test_taking_sequences(drawn: list[tuple[int, ...]], firsts: list[int], data: st.DataObject) -> None:
    """Some of the sequences, in any order, are those sequences with their targets."""
    sequences = sequences_of(drawn, firsts)
    places = data.draw(st.lists(st.integers(0, len(drawn) - 1), unique=True))
    some = sequences.take(np.array(places, dtype=np.int64))
    assert [tuple(some[place].tolist()) for place in range(len(some))] == [drawn[place] for place in places]
    for place, whence in enumerate(places):
        mine, theirs = (
            one.is_target[slice(*one.starts[at : at + 2])] for one, at in ((some, place), (sequences, whence))
        )
        np.testing.assert_array_equal(mine, theirs)
