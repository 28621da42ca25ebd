"""All documents of a shard in order, as blocks of text: the reading path of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from exposure.census import ShardCensus
from exposure.errors import CorpusError
from indexer.blocks import DocumentBlock, laid_out
from indexer.readers.counted import BLOCK_BYTES, OtherShardError
from indexer.readers.json_blocks import json_blocks
from indexer.readers.parquet_blocks import parquet_blocks
from indexer.readers.records import Document, Fields
from indexer.readers.streams import DigestingFile, TruncatedStreamError
from indexer.readers.text import format_of
from indexer.readers.unchanged import other_digest, unchanged_documents

Reader = Callable[[ShardCensus, Fields, DigestingFile], Iterator[DocumentBlock]]

READERS: dict[str, Reader] = {"jsonl": json_blocks, "parquet": parquet_blocks}


def document_blocks(
    census: ShardCensus, fields: Fields, on_read: Callable[[int], None] | None = None
) -> Iterator[DocumentBlock]:
    """The documents of a shard, about a megabyte at a time; none is split, so a longer one makes a longer block.

    The last block comes only when the whole file has the manifest's sha256; until then text may be that of a changed
    file, even invalid UTF-8. Raises CorpusError, which makes void what was given before, where the shard is not the one
    that the census counted. `on_read` is told the bytes that are read from the file.
    """
    path = Path(census.shard.path)
    reader = READERS[format_of(path)]
    given = 0
    try:
        with closing(DigestingFile(path, on_read)) as file:
            for block in _quickly(reader, census, fields, file):
                given += len(block)
                yield block
                del block  # its memory serves the next one
            digest = file.digest()
    except OSError as error:
        raise CorpusError(
            f"The shard {path} cannot be read: {error}. Put it back, or make the manifest again."
        ) from error
    if digest != census.shard.sha256:
        raise _diagnosis(census, fields, digest)
    if given < census.shard.documents:  # nothing changed: there is damage, and the census kept what stands before it
        yield from _slowly(census, fields, given)


def _quickly(reader: Reader, census: ShardCensus, fields: Fields, file: DigestingFile) -> Iterator[DocumentBlock]:
    """Blocks, until all documents are given or the first sign of another shard, or of damage."""
    given = 0
    try:
        for block in reader(census, fields, file):
            given += len(block)
            if given == census.shard.documents and file.digest() != census.shard.sha256:
                return
            yield block
            del block
    except (OtherShardError, TruncatedStreamError, pa.ArrowException, OSError):
        return


def _diagnosis(census: ShardCensus, fields: Fields, digest: str) -> CorpusError:
    """What is wrong with a shard of another digest, as precisely as reading it slowly tells."""
    try:
        for _ in unchanged_documents(census, fields):
            pass
    except CorpusError as error:
        return error
    return other_digest(census.shard, digest)  # it was changed back meanwhile


def _slowly(census: ShardCensus, fields: Fields, given: int) -> Iterator[DocumentBlock]:
    """The documents from number `given` on, all of them held against the census; the last block comes after that."""
    held: list[Document] = []
    size = 0
    for number, document in enumerate(unchanged_documents(census, fields)):
        if number < given:
            continue
        if size > BLOCK_BYTES:
            yield _block(held, number - len(held))
            held, size = [], 0
        held.append(document)
        size += len(document.text)
    yield _block(held, census.shard.documents - len(held))


def _block(documents: list[Document], first: int) -> DocumentBlock:
    text, starts, ends = laid_out([document.text.encode() for document in documents])
    names = [document.id for document in documents]
    return DocumentBlock(text, starts, ends, first, lambda number: names[number - first])
