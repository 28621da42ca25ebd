"""Table: the rows of an answer, as dataclasses, Arrow, pandas or polars."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from exposure.client.decoding import reader_of
from exposure.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Row = TypeVar("Row")


class Table(Sequence[Row], Generic[Row]):
    """The rows of an answer, in order: a sequence of dataclasses, made from Arrow when one is first looked at.

    `generation` is what the timeline was when it answered; None for answers that are not a timeline's. Tables of the
    same generation rest on the same scan.
    """

    def __init__(
        self,
        kind: type[Row],
        columns: pa.Table | None = None,
        rows: list[Row] | None = None,
        generation: str | None = None,
    ) -> None:
        """From Arrow, from dataclasses, or from both."""
        self.kind = kind
        self.generation = generation
        self._columns = columns
        self._rows = rows

    @property
    def rows(self) -> list[Row]:
        """All rows as dataclasses."""
        if self._rows is None:
            self._rows = list(map(reader_of(self.kind), self.arrow().to_pylist()))
        return self._rows

    def arrow(self) -> pa.Table:
        """All rows as a pyarrow.Table; raises UsageError where Arrow cannot hold them."""
        if self._columns is None:
            self._columns = _columns_of(self.kind, self._rows or [])
        return self._columns

    def pandas(self) -> Any:
        """All rows as a pandas.DataFrame, in pandas' nullable types, so that whole numbers stay whole beside nulls."""
        pandas = _library("pandas")
        import pyarrow as pa

        nullable = {
            pa.int64(): pandas.Int64Dtype(),
            pa.float64(): pandas.Float64Dtype(),
            pa.bool_(): pandas.BooleanDtype(),
            pa.string(): pandas.StringDtype(),
        }
        return self.arrow().to_pandas(types_mapper=nullable.get)

    def polars(self) -> Any:
        """All rows as a polars.DataFrame."""
        return _library("polars").from_arrow(self.arrow())

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self._rows or ()) if self._columns is None else int(self._columns.num_rows)

    def __repr__(self) -> str:
        return f"<Table of {len(self):,} {self.kind.__name__}: .rows .arrow() .pandas() .polars()>"


def joined(tables: Iterable[Table[Row]]) -> Table[Row]:
    """The rows of several tables of one kind and generation, in order."""
    held = list(tables)
    if len(held) == 1:
        return held[0]
    if any(one._columns is None for one in held):
        rows = [row for one in held for row in one.rows]
        return Table(held[0].kind, rows=rows, generation=held[0].generation)
    import pyarrow as pa

    return Table(held[0].kind, pa.concat_tables([one.arrow() for one in held]), generation=held[0].generation)


def _columns_of(kind: type[Row], rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    from exposure.answer_batches import batch_of
    from exposure.answer_schema import answer_schema

    try:
        if kind is dict:
            return pa.Table.from_pylist(list(rows))
        return pa.Table.from_batches([batch_of(kind, rows)], answer_schema(kind))
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise UsageError(f"Arrow cannot hold this answer ({error}). Take .rows instead.") from error


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"{name} is not installed: pip install {name}. Or take .rows or .arrow() instead.") from error
