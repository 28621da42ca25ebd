"""split.parquet of an evaluation: the part of each pair, as the evaluation was last asked to split.

It is made from exposures.parquet, and kept since that takes seconds of what a service must answer at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.folder import EvaluationFolder
from evaluator.report.exposed_pairs import stored_split
from evaluator.split import Split
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.provenance import sha256_of_file
from exposure.splits import SplitRequest

SPLIT = "split.parquet"
METADATA_KEY = b"exposure"
SCHEMA = pa.schema([pa.field("pair", pa.int32(), nullable=False), pa.field("split", pa.string(), nullable=False)])


def keep_split(folder: EvaluationFolder, request: SplitRequest | None) -> Split | None:
    """The part of each pair under `request`, kept in split.parquet; None where the evaluation has no exposures.

    Without a request it is the one that was kept last, else the whole run's window. What is kept of the same exposures
    and the same request is not made again.
    """
    exposures = folder.path / "exposures.parquet"
    if not exposures.exists():
        return None
    path = folder.path / SPLIT
    of = {"pairs_sha256": folder.manifest.pairs_sha256, "exposures_sha256": sha256_of_file(exposures)}
    asked = request or _asked(path) or SplitRequest()
    document = {"format": "exposure.split", "version": 1, "request": asdict(asked), **of}
    kept = _kept(path, document)
    return _made(folder, asked, document) if kept is None else kept


def _made(folder: EvaluationFolder, request: SplitRequest, document: dict[str, Any]) -> Split:
    exposures, pairs = folder.exposures, folder.pairs
    assert exposures is not None
    split = stored_split(exposures, pairs, request)
    columns = [pa.array(range(len(split)), pa.int32()), pa.array(split.parts, pa.string())]
    metadata = {METADATA_KEY: json.dumps(document, sort_keys=True).encode()}
    with atomic_write(folder.path / SPLIT) as partial:
        table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)
    return split


def _asked(path: Path) -> SplitRequest | None:
    try:
        return SplitRequest(**_document(path)["request"])
    except (EvaluationError, OSError, TypeError, KeyError):
        return None


def _kept(path: Path, document: dict[str, Any]) -> Split | None:
    try:
        if _document(path) != document:
            return None
        return Split(tuple(read_parts(path).to_pylist()))
    except (EvaluationError, OSError):
        return None


def _document(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((pq.read_metadata(path).metadata or {})[METADATA_KEY])
        return found
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise _damaged(path) from error


def read_parts(source: Path | pa.NativeFile) -> pa.ChunkedArray:
    """[pair] The part of each pair, in the order of pairs.parquet; raises EvaluationError where it is damaged."""
    try:
        return pq.read_table(source, columns=["split"], page_checksum_verification=True)["split"]
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise _damaged(source) from error


def _damaged(source: object) -> EvaluationError:
    name = source if isinstance(source, Path) else SPLIT
    return EvaluationError(f"{name} cannot be read as a split. Delete it and run `exposure report` on its evaluation.")
