"""Corpora for tests: the same documents written as every kind of shard, without the project's help."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
Texts = Sequence[tuple[str, str]]
"""(id, text) of each document."""


def json_line(id_: str, text: str, **more: Any) -> bytes:
    """One document as a line of JSON."""
    return json.dumps({"id": id_, "text": text, **more}, ensure_ascii=False).encode() + b"\n"


def packed(content: bytes, name: str) -> bytes:
    """Content compressed as the ending of `name` says; two frames (or members), so that both have to be read."""
    half = len(content) // 2
    parts = [content[:half], content[half:]]
    if name.endswith(".zst"):
        return b"".join(map(zstandard.ZstdCompressor(level=1, write_checksum=True).compress, parts))
    if name.endswith(".gz"):
        return b"".join(gzip.compress(part, 1, mtime=0) for part in parts)
    return content


def write_shard(path: Path, documents: Texts, group: int = 3) -> Path:
    """A shard of documents, in the format of its ending; `group` rows in a row group of Parquet."""
    if path.name.endswith(".parquet"):
        columns = {"id": [id_ for id_, _ in documents], "text": [text for _, text in documents]}
        pq.write_table(
            pa.table(columns, schema=pa.schema({"id": pa.string(), "text": pa.string()})), path, row_group_size=group
        )
    else:
        path.write_bytes(packed(b"".join(json_line(*document) for document in documents), path.name))
    return path
