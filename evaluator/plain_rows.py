"""The plain layout: every sequence in a row of its own, in buckets of equal length, with no padding and no mask."""

from __future__ import annotations

import numpy as np

from evaluator.rows import NO_SLOT, Rows, RowSet
from evaluator.sequences import Integers, TokenSequences


def plain_rows(sequences: TokenSequences) -> RowSet:
    """One group for each length. A last token is never fed: nothing is asked about what follows it."""
    slots = np.where(sequences.is_target, np.cumsum(sequences.is_target) - 1, NO_SLOT)
    buckets = [np.flatnonzero(sequences.lengths == length) for length in np.unique(sequences.lengths)]
    groups = [_bucket(sequences, bucket, slots) for bucket in buckets if sequences.lengths[bucket[0]] > 1]
    return RowSet(groups, slots, int(sequences.is_target.sum()))


def _bucket(sequences: TokenSequences, bucket: Integers, slots: Integers) -> Rows:
    length = int(sequences.lengths[bucket[0]])
    tokens = sequences.starts[bucket][:, None] + np.arange(length)  # [row, token]
    row, place = np.nonzero(sequences.is_target[tokens])
    targets = tokens[row, place]
    return Rows(
        token_ids=sequences.ids[tokens[:, :-1]],
        ancestry=None,
        edge_nodes=row * (length - 1) + place - 1,
        edge_targets=sequences.ids[targets].astype(np.int64),
        edge_slots=slots[targets],
    )
