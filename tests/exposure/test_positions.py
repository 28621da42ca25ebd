"""Positions against loops over every slot and every row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.positions import first_step, invert, seen_by, shuffled_epoch, steps_of

GOLDEN = [
    (12, 6198, 0, [9, 4, 3, 2, 6, 0, 10, 11, 7, 8, 1, 5]),
    (8, 6198, 0, [6, 2, 7, 3, 0, 1, 4, 5]),
    (1, 6198, 0, [0]),
    (0, 6198, 0, []),
]


@pytest.mark.parametrize(("rows", "seed", "epoch", "order"), GOLDEN)
def test_shuffle_golden_values(rows: int, seed: int, epoch: int, order: list[int]) -> None:
    """The published orders of OLMo's rule come out number by number."""
    assert shuffled_epoch(rows, seed, epoch).tolist() == order


@given(st.integers(0, 60), st.integers(0, 2**63), st.integers(0, 5))
def test_an_epoch_adds_to_the_seed_and_shows_every_row_once(rows: int, seed: int, epoch: int) -> None:
    """Epoch e of seed s is epoch 0 of seed s + e, and a permutation."""
    order = shuffled_epoch(rows, seed, epoch)
    assert order.tolist() == shuffled_epoch(rows, seed + epoch, 0).tolist()
    assert sorted(order.tolist()) == list(range(rows))


@given(st.integers(0, 200), st.integers(1, 30))
def test_steps_are_the_batches_that_hold_a_slot(slots: int, batch_sequences: int) -> None:
    """As many steps as there are distinct batches of slots; a last batch that is not full counts."""
    assert steps_of(slots, batch_sequences) == len({slot // batch_sequences for slot in range(slots)})


@given(st.integers(0, 40), st.integers(0, 42))
def test_seen_by_is_having_consumed_the_batch(first_batch: int, step: int) -> None:
    """Checkpoint N has consumed batches 0 … N−1, and first_step is the smallest that has seen a batch."""
    assert seen_by(first_batch, step) == (first_batch in range(step))
    assert first_step(first_batch) == next(n for n in range(100) if seen_by(first_batch, n))


def slots_of_row(order: list[int], row: int) -> list[int]:
    """The slots that hold a row, by looking at each."""
    return [slot for slot, held in enumerate(order) if held == row]


@st.composite
def orders_and_ranges(draw: st.DrawFn) -> tuple[list[int], int, int, int]:
    """An order with repeats and missing rows, the number of rows, and a half-open range of rows (empty ones too)."""
    rows = draw(st.integers(1, 12))
    order = draw(st.lists(st.integers(0, rows - 1), max_size=40))
    first = draw(st.integers(0, rows))
    return order, rows, first, draw(st.integers(first, rows))


@given(orders_and_ranges(), st.sampled_from([np.uint16, np.uint32, np.int32, np.int64]))
def test_inverse_order_by_loops(case: tuple[list[int], int, int, int], dtype: type) -> None:
    """For every row of a unit exactly its slots, rising, whatever the order repeats or leaves out."""
    order, _, first, end = case
    found = invert(np.array(order, dtype=dtype), first, end)
    expected = [slots_of_row(order, row) for row in range(first, end)]
    by_row = [found.slots[a:b].tolist() for a, b in zip(found.indptr[:-1], found.indptr[1:], strict=True)]
    assert by_row == expected
    assert (found.first_row, found.slots.dtype, found.indptr.dtype) == (first, np.int64, np.int64)


@given(orders_and_ranges(), st.data())
def test_slots_of_asked_rows_by_loops(case: tuple[list[int], int, int, int], data: st.DataObject) -> None:
    """Any list of rows, repeated and in any order: each of its places paired with each slot of its row."""
    order, _, first, end = case
    rows = data.draw(st.lists(st.integers(first, end - 1), max_size=20)) if end > first else []
    index, slots = invert(np.array(order, dtype=np.int64), first, end).of_rows(np.array(rows, dtype=np.int64))
    expected = [(place, slot) for place, row in enumerate(rows) for slot in slots_of_row(order, row)]
    assert list(zip(index.tolist(), slots.tolist(), strict=True)) == expected
