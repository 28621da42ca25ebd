"""split.parquet of an evaluation: the part of each pair, as the evaluation was last asked to split.

It is made from exposures.parquet, and kept since that takes seconds of what a service must answer at once. Its metadata
are sealed and hold a digest of the parts: checksums of pages would not find what changed in the foot of the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.folder import EvaluationFolder
from evaluator.split import Split
from evaluator.split_witness import EXPOSURES, SPLIT
from evaluator.stored_split import stored_split
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.provenance import sha256_of_file
from exposure.sealed import sealed, unsealed
from exposure.splits import SplitRequest

METADATA_KEY = b"exposure"
PARTS = "parts_sha256"
SCHEMA = pa.schema([pa.field("pair", pa.int32(), nullable=False), pa.field("split", pa.string(), nullable=False)])


def keep_split(folder: EvaluationFolder, request: SplitRequest | None) -> Split | None:
    """The part of each pair under `request`, kept in split.parquet; None where the evaluation has no exposures.

    Without a request it is the one that was kept last, else the whole run's window. What is kept of the same exposures
    and the same request is not made again.
    """
    exposures = folder.path / EXPOSURES
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
    whole = sealed({**document, PARTS: _digest(split.parts)})
    metadata = {METADATA_KEY: json.dumps(whole, sort_keys=True).encode()}
    with atomic_write(folder.path / SPLIT) as partial:
        table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)
    return split


def _asked(path: Path) -> SplitRequest | None:
    try:
        return SplitRequest(**_read(path)[0]["request"])
    except (EvaluationError, TypeError, KeyError):
        return None


def _kept(path: Path, document: dict[str, Any]) -> Split | None:
    """The split that is there, if it is the one that `document` asks for, and its parts have their digest."""
    try:
        found, parts = _read(path)
        values = parts.to_pylist()
        return Split(tuple(values)) if found == {**document, PARTS: _digest(values)} else None
    except EvaluationError:
        return None


def read_parts(source: Path | pa.NativeFile) -> pa.ChunkedArray:
    """[pair] The part of each pair, in the order of pairs.parquet; raises EvaluationError where it is damaged.

    Files of older versions have no digest of their parts: their pages' checksums have to do.
    """
    return _read(source)[1]


def _read(source: Path | pa.NativeFile) -> tuple[dict[str, Any], pa.ChunkedArray]:
    """The unsealed document, and the parts."""
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            document = unsealed(json.loads((file.metadata.metadata or {})[METADATA_KEY]))
            parts = file.read(["split"], use_threads=False)["split"]
        if PARTS in document and document[PARTS] != _digest(parts.to_pylist()):
            raise ValueError("its parts do not have the sha256 that stands in it")
        return document, parts
    except (pa.ArrowException, OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(source) from error


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _damaged(source: object) -> EvaluationError:
    name = source if isinstance(source, Path) else SPLIT
    return EvaluationError(f"{name} cannot be read as a split. Delete it and run `exposure report` on its evaluation.")
