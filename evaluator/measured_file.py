"""What one measure found of one checkpoint: measured/MEASURE/SPEC/HASH.parquet, named by all that it depends on.

So nothing is ever measured twice or taken for another; measurements.parquet is made of these files. The metadata are
sealed and hold a digest of the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.checkpoint_record import HASH_DIGITS
from evaluator.measurement_table import SCHEMA, rows_digest
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError, first_line
from exposure.provenance import sha256_of_file
from exposure.sealed import sealed, unsealed

METADATA_KEY = b"exposure"
FORMAT = "exposure.measured"
VERSION = 3
"""Versions 1 and 2 had other digests of the rows; their files are measured anew."""
ITEMS = ".items.parquet"
MEASURED = "measured"
"""The folder of these files, in that of an evaluation."""


@dataclass(frozen=True)
class Measured:
    """The rows of one checkpoint, what a reader of them should know, and what they were made of (JSON values)."""

    table: pa.Table
    notes: tuple[str, ...]
    made_of: Mapping[str, Any]
    items_sha256: str | None = None
    """Of HASH.items.parquet beside it, where something is kept pair by pair."""


def measured_path(evaluation: Path, name: str, weights_sha256: str) -> Path:
    """Where MEASURE/SPEC of these weights is, or will be."""
    return evaluation / MEASURED / name / f"{weights_sha256[:HASH_DIGITS]}.parquet"


def spec_name(spec: Mapping[str, Any]) -> str:
    """What names a spec in a path: the beginning of the sha256 of its JSON."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


def write_measured(path: Path, measured: Measured) -> None:
    """Write durably, whole or not at all: same arguments, same bytes."""
    whole = sealed({
        "format": FORMAT,
        "version": VERSION,
        "notes": list(measured.notes),
        "made_of": dict(measured.made_of),
        "rows_sha256": rows_digest(measured.table),
        "items_sha256": measured.items_sha256,
    })  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        table = measured.table.replace_schema_metadata({METADATA_KEY: json.dumps(whole, sort_keys=True).encode()})
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def read_measured(path: Path) -> Measured:
    """What is stored; raises EvaluationError where it is none, damaged, or not what its name says.

    What is kept pair by pair is looked for, and read by `read_items`.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            document = unsealed(json.loads((file.metadata.metadata or {})[METADATA_KEY]))
            table = file.read()
        if (document["format"], document["version"], document["rows_sha256"]) != (FORMAT, VERSION, rows_digest(table)):
            raise ValueError("its rows are not those that were written")
        made_of = document["made_of"]
        if (made_of["measure"], made_of["weights_sha256"][:HASH_DIGITS]) != (path.parent.parent.name, path.stem):
            raise ValueError("it is of other weights, or another measure")
        return Measured(table.cast(SCHEMA), tuple(document["notes"]), made_of, document["items_sha256"])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise EvaluationError(
            f"{path} cannot be read as what was measured of a checkpoint ({first_line(error)[:200]}). Delete "
            "it and evaluate the same again, with its measures: only what is missing is measured."
        ) from error


def items_path(path: Path) -> Path:
    """Where what is kept pair by pair beside a file of rows is, or will be."""
    return path.with_suffix(ITEMS)


def write_items(path: Path, items: pa.Table) -> str:
    """Write, durably, what is kept pair by pair beside the rows that will be at `path`; returns its sha256."""
    target = items_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target) as partial:
        pq.write_table(items, partial, compression="zstd", write_page_checksum=True)
    return sha256_of_file(target)


def check_measured(path: Path) -> Measured:
    """What is stored at `path`, once all that belongs to it is found whole; raises EvaluationError where it is not."""
    measured = read_measured(path)
    if measured.items_sha256 is not None:
        read_items(path)
    return measured


def read_items(path: Path) -> pa.Table:
    """What is kept pair by pair beside the rows at `path`; raises EvaluationError where it is not what was written."""
    target, expected = items_path(path), read_measured(path).items_sha256
    try:
        if expected is None or sha256_of_file(target) != expected:
            raise ValueError("it is not what was written with its rows")
        return pq.read_table(target)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvaluationError(
            f"{target} cannot be read ({first_line(error)[:200]}). Delete {path.name} beside it and evaluate the same "
            "again, with its measures: only what is missing is measured."
        ) from error
