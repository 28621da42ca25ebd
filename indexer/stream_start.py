"""Where a shard begins in the stream of a run that concatenates, and what earlier shards hold of its first row."""

from __future__ import annotations

import numpy as np

from exposure.census import Census, ShardCensus, document_starts
from indexer.cuts import lead_of


def characters_before(census: Census, shard: int, row_tokens: int, end_characters: int) -> int:
    """Characters of the row that a shard starts in which earlier shards hold (`concatenate`); 0 where a row starts."""
    start = int(census.first_tokens[shard])
    row_start = start - start % row_tokens
    characters = 0
    for earlier in range(shard):
        first, end = int(census.first_tokens[earlier]), int(census.first_tokens[earlier + 1])
        if end > row_start:
            characters += _characters_from(census.shards[earlier], max(row_start - first, 0), end_characters)
    return characters


def _characters_from(shard: ShardCensus, token: int, end_characters: int) -> int:
    """Characters of a shard's stream from `token` to its end, as they stand in a row that starts at `token`."""
    starts = document_starts(shard)
    document = int(np.searchsorted(starts, token, side="right")) - 1
    tokens = shard.token_block(document, shard.shard.documents)
    skipped = token - int(starts[document])  # one more than the document's tokens would be its end, and is none
    begun = int(tokens.size[skipped:].sum(dtype=np.int64)) - int(tokens.continuing[skipped:].sum(dtype=np.int64))
    cut_off = lead_of(tokens.document(0), skipped, int(tokens.offsets[1]))
    return begun + cut_off + end_characters * len(tokens)
