"""The sidecars of a census in the making: what each holds of a document, and how it reaches its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from exposure.artefacts import atomic_write
from exposure.census import DOCUMENTS_SCHEMA
from exposure.provenance import versions
from exposure.token_block import LENGTH_COLUMNS
from indexer.readers.text import Document

ROWS_A_GROUP = 4096


def document_rows(batch: list[Document], texts: list[bytes]) -> pa.Table:
    """Rows of a documents sidecar (DOCUMENTS_SCHEMA); `texts` are those of the batch as UTF-8."""
    return pa.table(
        [
            [document.line for document in batch],
            [document.start for document in batch],
            [len(document.text) for document in batch],
            [*map(isal_zlib.crc32, texts)],
        ],
        schema=DOCUMENTS_SCHEMA,
    )


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
    lengths = [name for name in schema.names if name in LENGTH_COLUMNS]
    with (
        atomic_write(path) as partial,
        pq.ParquetWriter(
            partial,
            schema,
            compression="zstd",
            # Bytes that hardly come twice: neither a dictionary of them nor the least of them serves anybody.
            use_dictionary=[name for name in schema.names if name not in lengths],
            write_statistics=[name for name in schema.names if name not in lengths],
            write_page_checksum=True,
        ) as writer,
    ):
        yield Sidecar(writer)
