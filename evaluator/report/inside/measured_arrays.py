"""Rows of the long table as arrays, an axis for each column that tells them apart: never row by row, they are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.report.inside.text_column import TextColumn
from evaluator.report.plain import finite
from evaluator.scored import Floats, Integers

EVERYTHING = "everything"

TEXTS = ("measure", "level", "group", "split", "convention")
VALUES = ("value", "low", "high", "n")

Axis = tuple[str, ...] | tuple[int, ...]


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

    axes: tuple[Axis, ...]
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
        self._texts = {name: TextColumn.of(table[name]) for name in TEXTS}
        self._numbers = {name: _whole(table[name]) for name in ("step", "layer", "head")}
        self._values = {name: _floats(table[name]) for name in VALUES}
        measures = self._texts.pop("measure")
        order = np.argsort(measures.codes, kind="stable")
        ends = np.searchsorted(measures.codes[order], np.arange(len(measures.names) + 1)).tolist()
        self._places = {name: order[ends[at] : ends[at + 1]] for at, name in enumerate(measures.names)}

    def __contains__(self, measure: object) -> bool:
        return measure in self._places

    def names(self, prefix: str) -> list[str]:
        """The measures whose name begins so."""
        return sorted(name for name in self._places if name.startswith(prefix))

    def held(self, measure: str, column: str, prefers: str = "") -> list[str]:
        """What stands in a column of text of a measure: what begins with `prefers` first, then by rows, most first."""
        if measure not in self:
            return []
        text = self._texts[column]
        counts = np.bincount(text.codes[self._places[measure]], minlength=len(text.names)).tolist()
        found = [(not name.startswith(prefers), -count, name) for name, count in zip(text.names, counts, strict=True)]
        return [name for _, count, name in sorted(found) if count]

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
        places = self._places[measure]
        for name, wanted in {"convention": chosen, **{name: [value] for name, value in where.items()}}.items():
            text = self._texts[name]
            places = places[text.are(wanted)[text.codes[places]]]
        return self._array(places, by, chosen[0]) if len(places) else None

    def _array(self, places: Integers, by: Sequence[str], convention: str) -> MeasuredArray:
        axes = [self._axis(name, places) for name in by]
        shape, at = tuple(len(names) for names, _ in axes), tuple(numbers for _, numbers in axes)
        whole = {name: np.full(shape, np.nan) for name in VALUES}
        for name, values in self._values.items():
            whole[name][at] = values[places]
        return MeasuredArray(tuple(names for names, _ in axes), **whole, convention=convention)

    def _axis(self, name: str, places: Integers) -> tuple[Axis, Integers]:
        """What the places of an axis are called, rising, and of each row its place there."""
        numbers = self._texts[name].codes if name in self._texts else self._numbers[name]
        found, at = np.unique(numbers[places], return_inverse=True)
        names = [self._texts[name].names[code] for code in found] if name in self._texts else found.tolist()
        return tuple(names), at


def _whole(column: pa.ChunkedArray) -> Integers:
    """Whole numbers, null being −1."""
    return np.asarray(pc.fill_null(column, -1).to_numpy())


def _floats(column: pa.ChunkedArray) -> Floats:
    """Numbers, null being NaN."""
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64()), float("nan")).to_numpy())
