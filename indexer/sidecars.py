"""The sidecars of a census in the making: what each holds of a document, and how it reaches its place."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.census import DOCUMENTS_SCHEMA, TOKENS_SCHEMA
from exposure.provenance import versions
from indexer.readers.text import Document
from indexer.tokens import TextTokenizer

ROWS_A_GROUP = 4096


def document_rows(batch: list[Document]) -> pa.Table:
    """Rows of a documents sidecar (DOCUMENTS_SCHEMA)."""
    return pa.table(
        [
            [document.line for document in batch],
            [document.start for document in batch],
            [len(document.text) for document in batch],
            [zlib.crc32(document.text.encode()) for document in batch],
        ],
        schema=DOCUMENTS_SCHEMA,
    )


def token_rows(batch: list[Document], tokenizer: TextTokenizer) -> pa.Table:
    """Rows of a tokens sidecar (TOKENS_SCHEMA)."""
    encoded = tokenizer.encode([document.text for document in batch])
    decoded = [tokenizer.decode(ids) for ids in encoded]
    lengths = [
        tokenizer.lengths(ids) if _is_utf8(content) else tokenizer.mended_lengths(ids)
        for ids, content in zip(encoded, decoded, strict=True)
    ]
    rewritten = [
        content != tokenizer.normalise(document.text).encode() for content, document in zip(decoded, batch, strict=True)
    ]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in encoded])]).astype(np.int32)
    columns = [
        pa.ListArray.from_arrays(offsets, pa.array(np.concatenate(values)))
        for values in zip(*((one.size, one.continuing, one.lead) for one in lengths), strict=True)
    ]
    return pa.table([[len(ids) for ids in encoded], rewritten, *columns], schema=TOKENS_SCHEMA)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Sidecar:
    """A Parquet file in the making."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self.rows += table.num_rows
        self._writer.write_table(table, row_group_size=ROWS_A_GROUP)

    def note(self, **facts: object) -> None:
        """Put facts and provenance into the file's metadata."""
        self._writer.add_key_value_metadata({"exposure": json.dumps({**facts, "versions": versions()})})


@contextmanager
def sidecar(path: Path, schema: pa.Schema) -> Iterator[Sidecar]:
    """A sidecar that takes its place only when the block that writes it ends well."""
    with (
        atomic_write(path) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd", write_page_checksum=True) as writer,
    ):
        yield Sidecar(writer)
