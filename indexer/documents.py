"""The documents of a shard as the census knows them: in order or at given places, refused when they changed."""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from exposure.census import Census, ShardCensus
from exposure.errors import CorpusError
from exposure.orders import Shard
from indexer.readers.text import BadLine, Document, Fields, read_at, read_shard
from indexer.rows import NO_TOKENS, PackedDocument
from indexer.tokens import TextTokenizer

BATCH_DOCUMENTS = 512


def packed_batches(census: Census, shard: int, tokenizer: TextTokenizer | None) -> Iterator[list[PackedDocument]]:
    """All documents of a shard in order, in batches; raises CorpusError where the shard is not the manifest's."""
    one = census.shards[shard]
    documents = enumerate(_unchanged(one, Fields(census.order.text_field, census.order.id_field)))
    while batch := list(itertools.islice(documents, BATCH_DOCUMENTS)):
        yield _packed(one, batch, tokenizer)


def packed_at(
    census: Census, shard: int, indices: Iterable[int], tokenizer: TextTokenizer | None
) -> list[PackedDocument]:
    """Documents of a shard by their numbers (rising), without a scan; raises CorpusError where one changed."""
    one = census.shards[shard]
    wanted = list(indices)
    rows = one.documents.take(wanted)
    places = list(zip(rows["start"].to_pylist(), rows["line"].to_pylist(), strict=True))
    fields = Fields(census.order.text_field, census.order.id_field)
    found = []
    for index, checksum, document in zip(
        wanted, rows["crc32"].to_pylist(), read_at(Path(one.shard.path), fields, places), strict=True
    ):
        _check(one.shard, document, checksum)
        found += _packed(one, [(index, document)], tokenizer)
    return found


def documents_at(
    census: Census, places: Iterable[tuple[int, int]], tokenizer: TextTokenizer | None
) -> dict[tuple[int, int], PackedDocument]:
    """The documents at (shard, number) places; each shard is read once, up to its last document that is asked for."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for shard, index in places:
        wanted[shard].add(index)
    return {
        (shard, document.index): document
        for shard, indices in sorted(wanted.items())
        for document in packed_at(census, shard, sorted(indices), tokenizer)
    }


def _packed(
    shard: ShardCensus, batch: list[tuple[int, Document]], tokenizer: TextTokenizer | None
) -> list[PackedDocument]:
    if tokenizer is None:
        return [PackedDocument(index, document.id, document.text, NO_TOKENS) for index, document in batch]
    lengths = shard.token_lengths(batch[0][0], batch[-1][0] + 1)
    rewritten = shard.rewritten
    packed = []
    for (index, document), one in zip(batch, lengths, strict=True):
        if rewritten[index]:
            text = tokenizer.decode(tokenizer.encode([document.text])[0]).decode("utf-8", "replace")
        else:
            text = tokenizer.normalise(document.text)
        packed.append(PackedDocument(index, document.id, text, one))
    return packed


def _unchanged(census: ShardCensus, fields: Fields) -> Iterator[Document]:
    """The shard's documents, each held against its checksum, and the whole file against its digest."""
    shard = census.shard
    checksums = np.asarray(census.documents["crc32"])
    skipped = {bad.line for bad in shard.skipped}
    index = 0
    for row in read_shard(Path(shard.path), fields):
        if isinstance(row, Document):
            if index == len(checksums):
                raise _changed(shard, f"line {row.line} is one document more than the {len(checksums)} of the census")
            _check(shard, row, int(checksums[index]))
            index += 1
            yield row
        elif isinstance(row, BadLine):
            if row.line not in skipped:
                raise _changed(shard, f"line {row.line}: {row.reason}")
        elif row != shard.sha256:
            raise _changed(shard, f"its sha256 is {row[:12]}…, the manifest says {shard.sha256[:12]}…")
    if index != len(checksums):
        raise _changed(shard, f"it has {index} documents, the census counted {len(checksums)}")


def _check(shard: Shard, document: Document, checksum: int) -> None:
    if zlib.crc32(document.text.encode()) != checksum:
        raise _changed(shard, f"the document of line {document.line} (id {document.id!r}) has another text")


def _changed(shard: Shard, what: str) -> CorpusError:
    return CorpusError(
        f"The shard {shard.path} has changed since its manifest was made: {what}. "
        "Put the original file back, or make the manifest again with `exposure run init`."
    )
