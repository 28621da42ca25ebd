"""Rows of measurements.parquet that fit a question: found first, then read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluator.measurement_file import MEASUREMENTS
from evaluator.measurement_table import SCHEMA
from evaluator.scored import Integers
from exposure.errors import EvaluationError
from service.errors import NotFoundError
from service.evaluations.pages import Asked
from service.evaluations.row_parameters import MeasurementParameters
from service.evaluations.stored import StoredEvaluation

BATCH_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Planned:
    """The rows of one page: where they stand in the file, rising, and how many fit before and in it."""

    places: Integers
    has_more: bool


class MeasurementFile:
    """An evaluation's measurements, as they are now; raises EvaluationError where it has none or they are damaged."""

    def __init__(self, evaluation: StoredEvaluation) -> None:
        self._name = evaluation.path / MEASUREMENTS
        source = evaluation.open(MEASUREMENTS)
        if source is None:
            raise EvaluationError(not_measured(evaluation))
        try:
            self._file = pq.ParquetFile(source, page_checksum_verification=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error
        if not self._file.schema_arrow.remove_metadata().equals(SCHEMA):
            raise self._damaged(ValueError("it has other columns"))

    def plan(self, question: MeasurementParameters, asked: Asked) -> Planned:
        """The rows of one page. Raises NotFoundError for a name that nothing has, LimitError for too many at once."""
        if asked.start == 0:
            self._refuse_unknown(question)
        found: list[Integers] = []
        fitting, end = 0, asked.start + asked.wanted
        for first, batch in self._scanned(question.filtered_columns):
            places = first + np.flatnonzero(question.mask(batch))
            fitting += len(places)
            if fitting > asked.start and fitting - len(places) < end:
                before = fitting - len(places)
                found.append(places[max(asked.start - before, 0) : end - before])
            if fitting > end and asked.limit is not None:
                break
        asked.refuse_excess(fitting - asked.start)
        return Planned(np.concatenate([np.zeros(0, np.int64), *found]), fitting > end)

    def batches(self, planned: Planned) -> Iterator[pa.RecordBatch]:
        """The rows at the places of `planned`, in the order of the file."""
        for first, batch in self._scanned(None, planned.places):
            start, end = np.searchsorted(planned.places, [first, first + batch.num_rows])
            if end > start:
                chosen = batch.take(pa.array(planned.places[start:end] - first))
                yield pa.RecordBatch.from_arrays(chosen.columns, schema=SCHEMA)

    def _scanned(
        self, columns: list[str] | None, places: Integers | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """(number of its first row, batch) of all row groups, or of those in which `places` are."""
        first = 0
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if places is None or np.searchsorted(places, first) < np.searchsorted(places, first + rows):
                yield from self._of_group(group, first, columns)
            first += rows

    def _of_group(self, group: int, first: int, columns: list[str] | None) -> Iterator[tuple[int, pa.RecordBatch]]:
        try:
            # Some column is always read: a batch of none has no rows.
            read = columns if columns is None else columns or ["step"]
            for batch in self._file.iter_batches(BATCH_ROWS, row_groups=[group], columns=read, use_threads=False):
                yield first, batch
                first += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error

    def _refuse_unknown(self, question: MeasurementParameters) -> None:
        levels = {"uid": "paradigm", "group": question.level}
        for parameter, column, values in question.named:
            level = levels.get(parameter)
            missing = self._missing(set(values), column, level)
            if missing:
                kind = f"{level or ''} {column}".strip()
                raise NotFoundError(
                    f"query.{parameter}: nothing here was measured of {kind} {min(missing)!r}. Ask without it for "
                    "what there is."
                )

    def _missing(self, values: set[Any], column: str, level: str | None) -> set[Any]:
        """Those of `values` that the column has nowhere, in groups of any level or of one; read until all are found."""
        for _, batch in self._scanned([column] if level is None else [column, "level"]):
            held = batch if level is None else batch.filter(pc.equal(batch["level"], level))
            values = values - set(pc.unique(held[column]).to_pylist())
            if not values:
                break
        return values

    def _damaged(self, error: Exception) -> EvaluationError:
        return EvaluationError(
            f"{self._name} is damaged ({str(error).splitlines()[0]}). Delete it and run `exposure report` on its "
            "evaluation, or ask for the same evaluation again."
        )


def not_measured(evaluation: StoredEvaluation) -> str:
    """What to do about an evaluation whose report was not made, or by an older version."""
    return (
        f"The evaluation {evaluation.name} has not been measured yet: its job has not come to that, or it was made by "
        f"the shell or by an older version. Run `exposure report {evaluation.path}` where it is, or ask for the same "
        "evaluation again with POST /v1/evaluations: what is scored is not scored again."
    )
