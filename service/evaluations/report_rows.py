"""Rows of an evaluation's report, from the files that it was written to; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from exposure.answer_schema import answer_schema
from service.errors import NotFoundError
from service.evaluations.report_files import report_file, unreadable
from service.evaluations.stored import StoredEvaluation


def report_table(evaluation: StoredEvaluation, name: str, kind: type) -> pa.Table:
    """The table `name` of the report, with the columns of `kind`.

    Raises EvaluationError where there is no report, or it is damaged or of an older version.
    """
    file_name = f"{name}.parquet"
    content = report_file(evaluation, file_name)
    try:
        table = pq.read_table(pa.BufferReader(content), use_threads=False, page_checksum_verification=True)
        table.validate(full=True)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise unreadable(evaluation, file_name, (str(error) or type(error).__name__).splitlines()[0]) from error
    if not table.schema.remove_metadata().equals(answer_schema(kind)):
        raise unreadable(evaluation, file_name, "it has other columns, as an older version wrote them")
    return table


def report_rows(table: pa.Table, kind: type, uids: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of some paradigms, of all where none is named. Raises NotFoundError for one that has no row."""
    if uids:
        missing = set(uids) - set(pc.unique(table["uid"]).to_pylist())
        if missing:
            raise NotFoundError(f"query.uid: the report has no row of the paradigm {min(missing)!r}.")
        table = table.filter(pc.is_in(table["uid"], value_set=pa.array(uids, pa.string())))
    schema = answer_schema(kind)
    return (_batch(one, schema) for one in table.to_batches())


def _batch(one: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns: list[Any] = one.columns
    return pa.RecordBatch.from_arrays(columns, schema=schema)
