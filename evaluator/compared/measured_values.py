"""Rows of the long table of one run as arrays over its checkpoints, and over heads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.counted import ALL
from evaluator.scored import Floats, Integers

NUMBERS = ("value", "low", "high", "n")


@dataclass(frozen=True)
class MeasuredValues:
    """Each [checkpoint, …]; NaN where there is no row, or null in it."""

    steps: Integers  # [checkpoint]
    value: Floats
    low: Floats
    high: Floats
    n: Floats


def conventions_of(measured: pa.Table, measure: str) -> list[str]:
    """Those that a measure's rows name, the one with the most rows first; "" where rows name none."""
    named = pc.fill_null(measured.filter(pc.equal(measured["measure"], measure))["convention"], "")
    counts = {one["values"]: one["counts"] for one in pc.value_counts(named).to_pylist()}
    return sorted(counts, key=lambda name: (-counts[name], name))


def overall_values(measured: pa.Table, measure: str, convention: str) -> MeasuredValues:
    """Of the whole model, by checkpoint: level overall."""
    rows = _rows(measured, measure, convention)
    return _arrays(rows.filter(pc.is_null(rows["layer"])), ("step",))


def head_values(measured: pa.Table, measure: str, convention: str) -> MeasuredValues:
    """[checkpoint, layer, head] By checkpoint and head, layers and heads from 0 to the last that is named."""
    rows = _rows(measured, measure, convention)
    return _arrays(rows.filter(pc.is_valid(rows["head"])), ("step", "layer", "head"))


def _rows(measured: pa.Table, measure: str, convention: str) -> pa.Table:
    rows = measured.filter(pc.and_(pc.equal(measured["measure"], measure), pc.equal(measured["level"], "overall")))
    is_wanted = pc.and_(pc.equal(pc.fill_null(rows["convention"], ""), convention), pc.equal(rows["group"], ALL))
    return rows.filter(is_wanted)


def _arrays(rows: pa.Table, axes: tuple[str, ...]) -> MeasuredValues:
    steps, at_step = np.unique(_whole(rows, "step"), return_inverse=True)
    places = [at_step, *(_whole(rows, axis) for axis in axes[1:])]
    shape = [len(steps), *(int(one.max(initial=-1)) + 1 for one in places[1:])]
    return MeasuredValues(steps, *(_filled(rows, name, shape, places) for name in NUMBERS))


def _whole(rows: pa.Table, column: str) -> Integers:
    return np.asarray(rows[column].to_numpy(), dtype=np.int64)


def _filled(rows: pa.Table, column: str, shape: list[int], places: list[Integers]) -> Floats:
    found = np.full(shape, np.nan)
    found[tuple(places)] = pc.fill_null(pc.cast(rows[column], pa.float64()), float("nan")).to_numpy()
    return found
