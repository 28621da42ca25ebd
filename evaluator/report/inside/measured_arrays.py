"""Rows of the long table as arrays, an axis for each column that tells them apart: never row by row, they are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.report.plain import finite
from evaluator.scored import Floats, Integers

EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Point:
    """One value; what is not known of it is None."""

    value: float | None
    low: float | None
    high: float | None
    n: float | None


@dataclass(frozen=True)
class MeasuredArray:
    """One measure under one convention. NaN where there is no row, and where its value is null."""

    axes: tuple[tuple[str, ...] | tuple[int, ...], ...]
    """Of each axis what its places are called, rising."""
    value: Floats  # [axis, …]
    low: Floats  # [axis, …]
    high: Floats  # [axis, …]
    n: Floats  # [axis, …]
    convention: str

    def at(self, *names: str | int) -> Point | None:
        """The place called so; None where the axes have no such place, or it has no value."""
        held = [axis.get(name) for axis, name in zip(self._places, names, strict=True)]
        place = tuple(one for one in held if one is not None)
        if len(place) < len(held) or np.isnan(self.value[place]):
            return None
        return Point(*(finite(values[place]) for values in (self.value, self.low, self.high, self.n)))

    def under(self, name: str | int) -> MeasuredArray:
        """The part of the first axis that is called so, without that axis."""
        place = self._places[0][name]
        value, low, high, n = (one[place] for one in (self.value, self.low, self.high, self.n))
        return MeasuredArray(self.axes[1:], value, low, high, n, self.convention)

    @cached_property
    def _places(self) -> tuple[dict[str | int, int], ...]:
        """Of each axis: what a place is called → its number."""
        return tuple(dict[str | int, int](zip(axis, range(len(axis)), strict=True)) for axis in self.axes)

    @property
    def steps(self) -> Integers:
        """The first axis, where that is of checkpoints."""
        return np.array(self.axes[0], dtype=np.int64)


class MeasuredRows:
    """The rows of one run, by measure."""

    def __init__(self, table: pa.Table) -> None:
        """Of rows in any order."""
        coded = table["measure"].combine_chunks().dictionary_encode()
        codes = np.asarray(coded.indices)
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(coded.dictionary) + 1)).tolist()
        self._places = {name: order[slice(*ends[at : at + 2])] for at, name in enumerate(coded.dictionary.to_pylist())}
        self._table = table
        self._held: dict[str, pa.Table] = {}

    def __contains__(self, measure: object) -> bool:
        return measure in self._places

    def names(self, prefix: str) -> list[str]:
        """The measures whose name begins so."""
        return sorted(name for name in self._places if name.startswith(prefix))

    def held(self, measure: str, column: str, prefers: str = "") -> list[str]:
        """What stands in a column of text of a measure: what begins with `prefers` first, then by rows, most first."""
        if measure not in self:
            return []
        counts = [
            (one["values"] or "", one["counts"]) for one in pc.value_counts(self._of(measure)[column]).to_pylist()
        ]
        ordered = sorted(counts, key=lambda one: (not one[0].startswith(prefers), -one[1], one[0]))
        return [name for name, _ in ordered]

    def array(
        self, measure: str, by: Sequence[str], *, conventions: Sequence[str] | None = None, **where: str
    ) -> MeasuredArray | None:
        """The rows whose columns are as in `where`, along the columns `by`; None where there is none.

        `conventions`: the one with most rows when None; the first of them is the array's. Of rows at one place the
        last counts.
        """
        chosen = self.held(measure, "convention")[:1] if conventions is None else conventions
        if measure not in self or not chosen:
            return None
        table = _where(self._of(measure), chosen, where)
        return _array(table, by, chosen[0]) if len(table) else None

    def _of(self, measure: str) -> pa.Table:
        if measure not in self._held:
            self._held[measure] = self._table.take(pa.array(self._places[measure])).combine_chunks()
        return self._held[measure]


def _where(table: pa.Table, conventions: Sequence[str], wanted: dict[str, str]) -> pa.Table:
    for name, value in wanted.items():
        table = table.filter(pc.equal(table[name], value))
    return table.filter(pc.is_in(pc.fill_null(table["convention"], ""), pa.array(conventions, pa.string())))


def _array(table: pa.Table, by: Sequence[str], convention: str) -> MeasuredArray:
    places = [np.unique(_numbers(table[name]), return_inverse=True) for name in by]
    shape = tuple(len(names) for names, _ in places)
    at = tuple(numbers for _, numbers in places)
    axes = tuple(tuple(names.tolist()) for names, _ in places)
    value, low, high, n = (_filled(table[name], shape, at) for name in ("value", "low", "high", "n"))
    return MeasuredArray(axes, value, low, high, n, convention)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """What tells rows apart: text, or whole numbers, null being −1."""
    if pa.types.is_string(column.type):
        return np.asarray(column.to_numpy(), dtype=np.str_)
    return np.asarray(pc.fill_null(column, -1).to_numpy())


def _filled(column: pa.ChunkedArray, shape: tuple[int, ...], at: tuple[Integers, ...]) -> Floats:
    whole = np.full(shape, np.nan)
    whole[at] = pc.fill_null(pc.cast(column, pa.float64()), float("nan")).to_numpy()
    return whole
