"""The long table in Arrow: rows of Measurement, in one order. Evaluations of many layers have millions of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exposure.answer_schema import answer_schema
from exposure.measurement import Measurement

SCHEMA = answer_schema(Measurement)
PLACE = ("level", "group", "split", "step", "layer", "head", "convention")
"""What rows of one measure are sorted by; null comes first."""


def table_of(rows: Iterable[Measurement]) -> pa.Table:
    """The rows, in the order given."""
    held = list(rows)
    return pa.table({name: [getattr(row, name) for row in held] for name in SCHEMA.names}, schema=SCHEMA)


def rows_of(table: pa.Table) -> list[Measurement]:
    """The rows as objects, in the order of the table."""
    return [Measurement(**row) for row in table.to_pylist()]


def by_measure(table: pa.Table) -> dict[str, pa.Table]:
    """Each measure's rows, sorted by their place; those of the same place in the order given."""
    names = pc.unique(table["measure"]).to_pylist()
    return {name: in_order(table.filter(pc.equal(table["measure"], name))) for name in names}


def in_order(table: pa.Table) -> pa.Table:
    """The rows by their place."""
    # Nulls as what comes before all values: how to ask for nulls at the start depends on the version of pyarrow.
    places = pa.table(
        {name: pc.fill_null(table[name], "" if table[name].type == pa.string() else -1) for name in PLACE}
    )
    return table.take(pc.sort_indices(places, sort_keys=[(name, "ascending") for name in PLACE]))


def at_step(table: pa.Table, step: int) -> pa.Table:
    """The rows as those of another step: the same weights may be that of several."""
    place = SCHEMA.get_field_index("step")
    return table.set_column(place, SCHEMA.field(place), pa.repeat(pa.scalar(step, pa.int64()), len(table)))


def distinct(table: pa.Table) -> pa.Table:
    """Of the rows of one measure and place, the first; in the order given."""
    named = ["measure", *PLACE]
    numbered = table.select(named).append_column("row", pa.array(range(len(table)), pa.int64()))
    first = numbered.group_by(named).aggregate([("row", "min")])["row_min"]
    return table.take(first.take(pc.sort_indices(first)))


def rows_digest(table: pa.Table) -> str:
    """The sha256 of the rows, column by column: of values alone, not of how Arrow or Parquet lays them out."""
    digest = hashlib.sha256()
    for column in table.combine_chunks().columns:
        digest.update(np.asarray(column.is_null()).tobytes())
        if pa.types.is_string(column.type):
            texts = [text.encode() for text in pc.fill_null(column, "").to_pylist()]
            digest.update(np.array([len(text) for text in texts], dtype="<i8").tobytes() + b"".join(texts))
        else:
            digest.update(np.asarray(pc.fill_null(column, 0)).astype(_WRITTEN[column.type]).tobytes())
    return digest.hexdigest()


_WRITTEN = {pa.int64(): "<i8", pa.float64(): "<f8"}
