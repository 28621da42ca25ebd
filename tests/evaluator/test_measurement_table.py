"""The long table: its order, and what its digest tells apart, for any rows."""

from __future__ import annotations

import math
from dataclasses import astuple, fields, replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.measurement_table import PLACE, SCHEMA, at_step, by_measure, distinct, rows_digest, rows_of, table_of
from exposure.measurement import Measurement

TEXT = st.one_of(st.sampled_from(["", "a", "b", '"', ",", "a\nb", "é", "null", "NaN", "1"]), st.text(max_size=3))
INTEGERS = st.integers(0, 3)
NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 0.1, 0.1 + 2**-54, 1e300, math.inf]), st.floats(0, 1))

MEASUREMENTS = st.builds(
    Measurement,
    measure=st.sampled_from(["one", "two"]),
    step=INTEGERS,
    level=st.sampled_from(["overall", "paradigm"]),
    group=TEXT,
    phenomenon=st.one_of(st.none(), TEXT),
    split=st.sampled_from(["everything", "proxy-train"]),
    layer=st.one_of(st.none(), INTEGERS),
    head=st.one_of(st.none(), INTEGERS),
    value=NUMBERS,
    n=st.one_of(st.none(), INTEGERS),
    low=NUMBERS,
    high=NUMBERS,
    convention=st.one_of(st.none(), TEXT),
)
ROWS = st.lists(MEASUREMENTS, max_size=12)


def place(row: Measurement) -> tuple[Any, ...]:
    """What rows are sorted by in plain Python: null is before all values, and no convention is like an empty one."""
    integers = [-1 if one is None else one for one in (row.step, row.layer, row.head)]
    return row.level, row.group, row.split, *integers, row.convention or ""


def said(row: Measurement) -> tuple[str, ...]:
    """A row, −0.0 and 0.0 apart."""
    return tuple(map(repr, astuple(row)))


@settings(deadline=None)
@given(ROWS, st.integers(0, 12))
def test_order_is_that_of_a_plain_sort(rows: list[Measurement], cut: int) -> None:
    """Measure by measure, also where the table comes in pieces; rows of one place stay in the order given."""
    pieces = pa.concat_tables([table_of(rows[:cut]), table_of(rows[cut:])])
    found = by_measure(pieces)
    assert set(found) == {row.measure for row in rows}
    for name, table in found.items():
        expected = sorted((row for row in rows if row.measure == name), key=place)
        assert list(map(said, rows_of(table))) == list(map(said, expected))


def test_nothing_comes_before_the_first_layer_and_head() -> None:
    """Of one group and step: the row of the whole model, then layer 0 without a head, then its heads."""
    rows = [
        Measurement("m", 1, "paradigm", "u", None, "everything", layer, head, 0.0, 1, None, None, "c")
        for layer, head in ((1, 0), (0, 1), (0, 0), (0, None), (None, None))
    ]
    ordered = rows_of(by_measure(table_of(rows))["m"])
    assert [(row.layer, row.head) for row in ordered] == [(None, None), (0, None), (0, 0), (0, 1), (1, 0)]


@settings(max_examples=200, deadline=None)
@given(ROWS, ROWS)
def test_other_rows_have_another_digest_and_the_same_rows_the_same(
    rows: list[Measurement], others: list[Measurement]
) -> None:
    """However the table is cut in chunks."""
    digest = rows_digest(table_of(rows))
    whole = pa.concat_tables([table_of(rows[:1]), table_of(rows[1:])])
    assert rows_digest(whole) == digest
    assert (rows_digest(table_of(others)) == digest) == (list(map(said, others)) == list(map(said, rows)))


@settings(deadline=None)
@given(MEASUREMENTS, MEASUREMENTS, st.sampled_from([field.name for field in fields(Measurement)]))
def test_a_row_that_differs_in_one_column_has_another_digest(row: Measurement, other: Measurement, name: str) -> None:
    """In whichever: null and "" and 0 are three things, and so are numbers one bit apart."""
    changed = replace(row, **{name: getattr(other, name)})
    assert (rows_digest(table_of([row])) == rows_digest(table_of([changed]))) == (said(row) == said(changed))


@pytest.mark.parametrize("value", [math.nextafter(0.1, 1), math.nextafter(1e-300, 1), 5e-324, math.nextafter(1e16, 0)])
def test_the_digest_sees_the_last_bit(value: float) -> None:
    row = Measurement("m", 1, "paradigm", "u", None, "everything", 0, 0, value, 1, None, None, None)
    nearest = replace(row, value=math.nextafter(value, 2e16))
    assert rows_digest(table_of([row])) != rows_digest(table_of([nearest]))


@settings(deadline=None)
@given(ROWS, INTEGERS)
def test_rows_survive_the_table_and_a_change_of_step(rows: list[Measurement], step: int) -> None:
    table = table_of(rows)
    assert list(map(said, rows_of(table))) == list(map(said, rows))
    moved = at_step(table, step)
    assert moved.schema == SCHEMA
    assert list(map(said, rows_of(moved))) == [said(replace(row, step=step)) for row in rows]


@settings(deadline=None)
@given(ROWS, ROWS)
def test_of_rows_of_one_place_the_first_is_kept(rows: list[Measurement], others: list[Measurement]) -> None:
    """A place is a measure, and all that rows are sorted by; null and "" are two here."""
    table = pa.concat_tables([table_of(rows), table_of(others)])
    kept: dict[tuple[Any, ...], Measurement] = {}
    for row in [*rows, *others]:
        kept.setdefault(tuple(getattr(row, name) for name in ("measure", *PLACE)), row)
    assert list(map(said, rows_of(distinct(table)))) == list(map(said, kept.values()))
    assert distinct(table).schema == SCHEMA
