"""The documents of a shard as the census knows them: in order or at given places, refused when they changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exposure.census import Census, ShardCensus
from exposure.errors import CensusError
from exposure.token_block import TokenLengths
from indexer.blocks import DocumentBlock, TextBlock
from indexer.readers.blocks import document_blocks
from indexer.readers.text import Document, Fields, read_at
from indexer.readers.unchanged import refuse_other_text
from indexer.rows import packer, whole_documents
from indexer.spelling import spelled_block, spelling_of
from indexer.tokens import TextTokenizer

NO_TOKENS = TokenLengths(*(np.empty(0, dtype=np.uint16),) * 3)


@dataclass(frozen=True, slots=True)
class PackedDocument:
    """A document as its tokens spell it, and their lengths: none where it fits a row of its own whole."""

    index: int
    id: str
    text: str
    lengths: TokenLengths


def text_blocks(
    census: Census, shard: int, tokenizer: TextTokenizer | None, on_text: Callable[[int], None] | None = None
) -> Iterator[TextBlock]:
    """The passages of a shard in order, block by block, as `document_blocks` gives documents: it says what is checked.

    Raises CorpusError where the shard is not the manifest's, CensusError where the census is not the shard's. `on_text`
    is told the characters of each block's documents when the next block is asked for.
    """
    one = census.shards[shard]
    characters = one.documents["characters"].to_numpy()
    pack = _packer(census, shard, tokenizer)
    blocks = document_blocks(one, Fields(census.order.text_field, census.order.id_field))
    for block in blocks:
        here = slice(block.first, block.first + len(block))
        try:
            passages = pack(block)
        except (CensusError, UnicodeDecodeError):
            for _ in blocks:  # which refuses the shard, if that is why
                pass
            raise
        del block  # its memory serves the next one
        yield passages
        del passages
        if on_text is not None:
            on_text(int(characters[here].sum()))


def _packer(census: Census, shard: int, tokenizer: TextTokenizer | None) -> Callable[[DocumentBlock], TextBlock]:
    if tokenizer is None:
        first_row = int(census.first_documents[shard])
        return lambda block: whole_documents(block, first_row)
    one, pack = census.shards[shard], packer(census.order, census, shard)
    return lambda block: pack(spelled_block(block, one.token_block(block.first, block.first + len(block)), tokenizer))


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
        refuse_other_text(one.shard, document, checksum)
        found.append(_packed(one, index, document, tokenizer))
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


def _packed(shard: ShardCensus, index: int, document: Document, tokenizer: TextTokenizer | None) -> PackedDocument:
    if tokenizer is None:
        return PackedDocument(index, document.id, document.text, NO_TOKENS)
    tokens = shard.token_block(index, index + 1)
    text = spelling_of(document.text, bool(tokens.rewritten[0]), tokenizer)
    return PackedDocument(index, document.id, text, tokens.document(0) if tokens.tokenised[0] else NO_TOKENS)
