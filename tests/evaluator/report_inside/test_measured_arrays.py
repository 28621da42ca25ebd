"""Rows become arrays in one go as they would one by one."""

from __future__ import annotations

from itertools import product
from math import nan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.measurement_table import SCHEMA
from evaluator.report.inside.measured_arrays import MeasuredRows

Row = tuple[object, ...]

NUMBERS = st.none() | st.floats(-2, 2).map(lambda value: round(value, 3))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["one", "other"]),
        st.integers(0, 3),
        st.sampled_from(["overall", "paradigm"]),
        st.sampled_from(["a", "b", "c"]),
        st.none() | st.just("kin"),
        st.sampled_from(["everything", "proxy-train"]),
        st.none() | st.integers(0, 2),
        st.none() | st.integers(0, 2),
        NUMBERS,
        st.none() | st.integers(0, 9),
        NUMBERS,
        NUMBERS,
        st.none() | st.sampled_from(["first", "second"]),
    ),
    max_size=40,
)


def table_of(rows: list[Row], n_chunks: int = 1) -> pa.Table:
    size = max(1, -(-len(rows) // n_chunks))
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    return pa.concat_tables([_chunk(part) for part in parts]) if parts else SCHEMA.empty_table()


def _chunk(rows: list[Row]) -> pa.Table:
    columns = {name: [row[at] for row in rows] for at, name in enumerate(SCHEMA.names)}
    return pa.table(columns, schema=SCHEMA)


@given(ROWS, st.integers(1, 3), st.sampled_from([("step",), ("group", "step"), ("step", "layer", "head")]))
def test_every_place_holds_the_last_of_its_rows(rows: list[Row], n_chunks: int, by: tuple[str, ...]) -> None:
    """Against a plain loop over the rows, whatever chunks they come in."""
    wanted = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    wanted = [
        one for one in wanted if (one["measure"], one["level"], one["convention"]) == ("one", "paradigm", "first")
    ]
    found = MeasuredRows(table_of(rows, n_chunks)).array("one", by, conventions=["first"], level="paradigm")
    if not wanted:
        assert found is None
        return
    assert found is not None
    keys = [tuple(-1 if one[name] is None else one[name] for name in by) for one in wanted]
    last = dict(zip(keys, wanted, strict=True))
    assert found.axes == tuple(tuple(sorted({key[at] for key in keys})) for at in range(len(by)))
    for place in product(*(range(len(axis)) for axis in found.axes)):
        row = last.get(tuple(axis[at] for axis, at in zip(found.axes, place, strict=True)), {})
        for name in ("value", "low", "high", "n"):
            expected = nan if row.get(name) is None else row[name]
            assert getattr(found, name)[place] == pytest.approx(expected, nan_ok=True)


@given(ROWS)
def test_what_is_held_is_ordered_by_its_rows(rows: list[Row]) -> None:
    """Conventions with most rows first, after those that are preferred; null is ""."""
    held = [row[-1] or "" for row in rows if row[0] == "one"]
    expected = sorted(set(held), key=lambda name: (not name.startswith("sec"), -held.count(name), name))
    assert MeasuredRows(table_of(rows)).held("one", "convention", "sec") == expected


def test_a_place_is_found_by_its_names() -> None:
    """`at` and `under` say the same, and None where there is nothing."""
    row = ("one", 5, "paradigm", "a", None, "everything", 2, None, 0.5, 7, None, 0.9, "first")
    held = MeasuredRows(table_of([row, (*row[:3], "b", *row[4:8], None, *row[9:])])).array(
        "one", ("group", "step", "layer")
    )
    assert held is not None
    point = held.at("a", 5, 2)
    assert point is not None
    assert (point.value, point.low, point.high, point.n) == (0.5, None, 0.9, 7)
    assert held.at("b", 5, 2) is None
    assert held.at("a", 6, 2) is None
    np.testing.assert_array_equal(held.under("a").value, [[0.5]])
