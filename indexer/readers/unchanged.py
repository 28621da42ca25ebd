"""A shard's documents as Python reads them, each held against the census: slow, and exact about what is wrong."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from exposure.census import ShardCensus
from exposure.errors import CorpusError
from exposure.orders import Shard
from indexer.readers.records import BadLine, Document, Fields
from indexer.readers.text import read_shard


def unchanged_documents(
    census: ShardCensus, fields: Fields, on_read: Callable[[int], None] | None = None
) -> Iterator[Document]:
    """All documents, each held against its checksum, and at the end the whole file against its digest.

    `on_read` is told the bytes that are read from the file. Raises CorpusError where the shard is not the one that the
    census counted.
    """
    shard = census.shard
    checksums = np.asarray(census.documents["crc32"])
    skipped = {bad.line for bad in shard.skipped}
    index = 0
    for row in read_shard(Path(shard.path), fields, on_read):
        if isinstance(row, Document):
            if index == len(checksums):
                raise changed(shard, f"line {row.line} is one document more than the {len(checksums)} of the census")
            refuse_other_text(shard, row, int(checksums[index]))
            index += 1
            yield row
        elif isinstance(row, BadLine):
            if row.line not in skipped:
                raise changed(shard, f"line {row.line}: {row.reason}")
        elif row != shard.sha256:
            raise other_digest(shard, row)
    if index != len(checksums):
        raise changed(shard, f"it has {index} documents, the census counted {len(checksums)}")


def refuse_other_text(shard: Shard, document: Document, checksum: int) -> None:
    """Raise CorpusError where a document's text has not the crc32 of the census."""
    if zlib.crc32(document.text.encode()) != checksum:
        raise changed(shard, f"the document of line {document.line} (id {document.id!r}) has another text")


def other_digest(shard: Shard, sha256: str) -> CorpusError:
    """The refusal of a file whose sha256 is not the manifest's."""
    return changed(shard, f"its sha256 is {sha256[:12]}…, the manifest says {shard.sha256[:12]}…")


def changed(shard: Shard, what: str) -> CorpusError:
    """The refusal of a shard that is not the one that was counted."""
    return CorpusError(
        f"The shard {shard.path} has changed since its manifest was made: {what}. "
        "Put the original file back, or make the manifest again with `exposure run init`."
    )
