"""Making token rows: the corpus read, checked and tokenised as the indexer does it, and packed by its rules.

Agreement with the index is held document by document: a document that has other tokens than the census counted, or
that changed, is refused.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from exposure.census import Census, ShardCensus
from exposure.errors import CensusError, TrainingError
from exposure.orders import DataOrder
from exposure.progress import Progress
from indexer.readers.records import Document, Fields
from indexer.readers.unchanged import unchanged_documents
from indexer.tokens import Ids, TextTokenizer
from lab.row_packing import Packer, packer_of
from lab.token_rows import FACTS, LENGTHS, ROWS, RowFacts, TokenRows, rows_key

BATCH_CHARACTERS = 1 << 20


def made_rows(order: DataOrder, folder: Path, census: Path | None = None) -> TokenRows:
    """The token rows of `order` in `folder`, made when they are not there.

    Raises CorpusError where a shard is not the manifest's, CensusError where its tokens are not those counted.
    """
    if not (folder / FACTS).exists():
        _make(order, folder, census)
    return TokenRows.open(folder, order)


def _make(order: DataOrder, folder: Path, census: Path | None) -> None:
    tokenizer = TextTokenizer.of_run(order)
    if tokenizer is None or order.sequence_length is None:
        raise TrainingError(
            "This run has no tokenizer, so there are no tokens to train on. Make its manifest with "
            "`exposure run init --tokenizer FILE --sequence-length L`."
        )
    counted = Census.open(order, census)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir(parents=True)
    try:
        _write(counted, tokenizer, partial)
        facts = RowFacts(rows_key(order), tokenizer.sha256, len(tokenizer.table), order.rows, order.sequence_length)
        facts.save(partial)
        shutil.rmtree(folder, ignore_errors=True)  # rows without their facts
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(census: Census, tokenizer: TextTokenizer, folder: Path) -> None:
    order = census.order
    kind = np.uint16 if len(tokenizer.table) <= 1 << 16 else np.uint32
    shape = (order.rows, order.sequence_length or 0)
    rows = np.lib.format.open_memmap(folder / ROWS, mode="w+", dtype=kind, shape=shape)
    lengths = np.zeros(order.rows, dtype=np.int32)
    packer = packer_of(order, rows, lengths)
    total = sum(one.shard.bytes for one in census.shards)
    with Progress("token rows", total) as progress:
        for shard in census.shards:
            _pack_shard(shard, Fields(order.text_field, order.id_field), tokenizer, packer, progress.advance)
    packer.close()
    rows.flush()
    np.save(folder / LENGTHS, lengths)


def _pack_shard(
    shard: ShardCensus, fields: Fields, tokenizer: TextTokenizer, packer: Packer, report: Callable[[int], None]
) -> None:
    first = 0
    for batch in _batches(unchanged_documents(shard, fields, report)):
        for index, ids in enumerate(tokenizer.encode([document.text for document in batch])):
            _refuse_other_tokens(shard, first + index, ids, packer.text_tokens)
            packer.add(ids)
        first += len(batch)


def _refuse_other_tokens(shard: ShardCensus, index: int, ids: Ids, row_tokens: int) -> None:
    """Raise CensusError where a document has not the tokens that were counted (or kept of it, for a row of its own)."""
    counted, is_cut = int(shard.tokens[index]), f"document-per-row-{row_tokens}." in str(shard.keys.tokens)
    found = min(len(ids), row_tokens) if is_cut else len(ids)
    if shard.tokenised[index] and found != counted:
        raise CensusError(
            f"Document {index} of {shard.shard.path} has {found:,} tokens, the census counted {counted:,}. Delete "
            f"{shard.keys.tokens} in {shard.folder} and run `exposure run init` again."
        )
    if not shard.tokenised[index] and len(ids) > row_tokens:
        raise CensusError(
            f"Document {index} of {shard.shard.path} has {len(ids):,} tokens, the census says that it fits a row of "
            f"{row_tokens:,}. Delete {shard.keys.tokens} in {shard.folder} and run `exposure run init` again."
        )


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
