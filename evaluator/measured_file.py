"""What one measure found of one checkpoint: measured/MEASURE/SPEC/HASH.parquet, named by all that it depends on.

So nothing is ever measured twice or taken for another; measurements.parquet is made of these files. The metadata are
sealed and hold a digest of the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.folder import HASH_DIGITS
from evaluator.measurement_file import SCHEMA
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError, first_line
from exposure.measurement import Measurement
from exposure.sealed import sealed, unsealed

METADATA_KEY = b"exposure"
FORMAT = "exposure.measured"
MEASURED = "measured"
"""The folder of these files, in that of an evaluation."""


@dataclass(frozen=True)
class Measured:
    """The rows of one checkpoint, what a reader of them should know, and what they were made of (JSON values)."""

    rows: tuple[Measurement, ...]
    notes: tuple[str, ...]
    made_of: Mapping[str, Any]

    def at(self, step: int) -> tuple[Measurement, ...]:
        """The rows as those of the checkpoint at `step`: the same weights may be that of several."""
        return tuple(replace(row, step=step) for row in self.rows)


def measured_path(evaluation: Path, name: str, weights_sha256: str) -> Path:
    """Where MEASURE/SPEC of these weights is, or will be."""
    return evaluation / MEASURED / name / f"{weights_sha256[:HASH_DIGITS]}.parquet"


def spec_name(spec: Mapping[str, Any]) -> str:
    """What names a spec in a path: the beginning of the sha256 of its JSON."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


def write_measured(path: Path, measured: Measured) -> None:
    """Write durably, whole or not at all: same arguments, same bytes."""
    table = pa.table({name: [getattr(row, name) for row in measured.rows] for name in SCHEMA.names}, schema=SCHEMA)
    document = {"format": FORMAT, "version": 1, "notes": list(measured.notes), "made_of": dict(measured.made_of)}
    whole = sealed({**document, "rows_sha256": _digest(table)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        table = table.replace_schema_metadata({METADATA_KEY: json.dumps(whole, sort_keys=True).encode()})
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def read_measured(path: Path) -> Measured:
    """What is stored; raises EvaluationError where it is none, damaged, or not what its name says."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            document = unsealed(json.loads((file.metadata.metadata or {})[METADATA_KEY]))
            table = file.read()
        if (document["format"], document["version"], document["rows_sha256"]) != (FORMAT, 1, _digest(table)):
            raise ValueError("its rows are not those that were written")
        made_of = document["made_of"]
        if (made_of["measure"], made_of["weights_sha256"][:HASH_DIGITS]) != (path.parent.parent.name, path.stem):
            raise ValueError("it is of other weights, or another measure")
        rows = tuple(Measurement(**row) for row in table.to_pylist())
        return Measured(rows, tuple(document["notes"]), made_of)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise EvaluationError(
            f"{path} cannot be read as what was measured of a checkpoint ({first_line(error)[:200]}). Delete "
            "it and evaluate the same again, with its measures: only what is missing is measured."
        ) from error


def _digest(table: pa.Table) -> str:
    text = json.dumps([[str(one) for one in column.to_pylist()] for column in table.columns])
    return hashlib.sha256(text.encode()).hexdigest()
