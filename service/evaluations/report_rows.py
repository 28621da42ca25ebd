"""Rows of an evaluation's report, from the files that it was written to; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluator.measurements import REPORT
from exposure.answer_schema import answer_schema
from exposure.errors import EvaluationError
from service.errors import NotFoundError
from service.evaluations.measurement_rows import not_measured
from service.evaluations.stored import StoredEvaluation


def report_table(evaluation: StoredEvaluation, name: str, kind: type) -> pq.ParquetFile:
    """The table `name` of the report, with the columns of `kind`.

    Raises EvaluationError where there is no report, or one of an older version.
    """
    relative = f"{REPORT}/{name}.parquet"
    source = evaluation.open(relative)
    if source is None:
        raise EvaluationError(not_measured(evaluation))
    try:
        file = pq.ParquetFile(source)
        if file.schema_arrow.remove_metadata().equals(answer_schema(kind)):
            return file
        why = "it has other columns, as an older version wrote them"
    except (pa.ArrowException, OSError) as error:
        why = str(error).splitlines()[0]
    raise EvaluationError(
        f"{evaluation.path}/{relative} cannot be read ({why}). Run `exposure report {evaluation.path}` where it is, or "
        "ask for the same evaluation again."
    )


def report_rows(file: pq.ParquetFile, kind: type, uids: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of some paradigms, of all where none is named. Raises NotFoundError for one that has no row."""
    table = file.read(use_threads=False)
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
