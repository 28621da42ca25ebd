"""measurements.parquet of an evaluation: what was measured of its checkpoints, one row group a measure.

Each measure is written by whoever measures it; those of others stay. Same rows and provenance, same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.measurement_table import SCHEMA, by_measure, rows_of, table_of
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.measurement import Measurement

MEASUREMENTS = "measurements.parquet"
METADATA_KEY = b"exposure"
FORMAT = "exposure.measurements"


@dataclass(frozen=True)
class MeasurementFacts:
    """What a file holds: its measures, and what each was made of (`provenance`, JSON values)."""

    measures: tuple[str, ...]
    provenance: Mapping[str, Any]


def merge_measures(
    path: Path,
    rows: Iterable[Measurement] | pa.Table,
    provenance: Mapping[str, Any],
    is_gone: Callable[[str], bool] = lambda _: False,
) -> None:
    """Write `rows` durably in place of what `path` held of their measures, and of those that are gone; others stay.

    Rows of a measure are sorted by level, group, split, step, layer, head and convention. Raises EvaluationError where
    `path` holds something else.
    """
    tables = by_measure(rows if isinstance(rows, pa.Table) else table_of(rows))
    held = read_tables(path) if path.exists() else {}
    kept = {measure: table for measure, table in held.items() if not is_gone(measure)}
    made = {measure: dict(provenance) for measure in tables}
    if path.exists():
        before = {measure: of for measure, of in facts_of(path).provenance.items() if not is_gone(measure)}
        made = {**before, **made}
    document = {"format": FORMAT, "version": 1, "made": _shared(made)}
    schema = SCHEMA.with_metadata({METADATA_KEY: json.dumps(document, sort_keys=True, default=list).encode()})
    with atomic_write(path) as partial, _writer(partial, schema) as writer:
        for _, table in sorted({**kept, **tables}.items()):
            writer.write_table(table.replace_schema_metadata(schema.metadata), row_group_size=max(len(table), 1))


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)


def _shared(made: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Measures that were made together have their provenance once."""
    parts: list[dict[str, Any]] = []
    for measure in sorted(made):
        part = next((one for one in parts if one["of"] == made[measure]), None)
        if part is None:
            parts.append({"measures": [measure], "of": made[measure]})
        else:
            part["measures"].append(measure)
    return parts


def facts_of(source: Path | pa.NativeFile) -> MeasurementFacts:
    """What a measurements.parquet holds; raises EvaluationError where it is none or damaged."""
    try:
        return _facts(pq.read_metadata(source).metadata or {})
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise _damaged(source, error) from error


def _facts(metadata: Mapping[bytes, bytes]) -> MeasurementFacts:
    document = json.loads(metadata[METADATA_KEY])
    if document["format"] != FORMAT or document["version"] != 1:
        raise ValueError(f"it is of the format {document['format']} {document['version']}")
    made = {measure: part["of"] for part in document["made"] for measure in part["measures"]}
    return MeasurementFacts(tuple(sorted(made)), made)


def read_tables(path: Path) -> dict[str, pa.Table]:
    """Each measure's rows, in the order of the file; raises EvaluationError where it is none or damaged."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            tables = [file.read_row_group(number) for number in range(file.num_row_groups)]
        return {str(table["measure"][0]): table for table in tables if len(table)}
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def read_measurements(path: Path) -> list[Measurement]:
    """Every row of a measurements.parquet, in its order; raises EvaluationError where it is none or damaged."""
    return [row for table in read_tables(path).values() for row in rows_of(table)]


def _damaged(source: object, error: Exception) -> EvaluationError:
    name = source if isinstance(source, Path) else MEASUREMENTS
    return EvaluationError(
        f"{name} cannot be read as measurements ({str(error).splitlines()[0] if str(error) else type(error).__name__})."
        " Delete it and run `exposure report` on its evaluation."
    )
