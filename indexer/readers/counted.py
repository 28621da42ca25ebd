"""What the quick readers of both formats share: how long a block is, the census as arrays, and when they give up."""

from __future__ import annotations

import numpy as np

from exposure.census import ShardCensus
from indexer.blocks import Integers

BLOCK_BYTES = 1 << 20
"""Bytes of documents in a block, when none is longer: they and their texts stay in the processor's cache."""


class OtherShardError(Exception):
    """What is read is not what the census counted, or cannot be read this way: read it slowly to learn which."""


def integers_of(census: ShardCensus, column: str) -> Integers:
    """A column of the documents sidecar; a copy, because compiled code is made for arrays that may be written."""
    return np.array(census.documents[column], dtype=np.int64)
