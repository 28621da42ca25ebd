"""Sequences that begin alike as tries: sorted, each says how much it shares with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evaluator.sequences import Integers, TokenSequences


@dataclass(frozen=True)
class SortedSequences:
    """Sequences in lexicographic order: neighbours share the longest beginnings."""

    order: Integers  # [sequence] places of the sorted sequences
    shared: Integers  # [sequence] tokens that a sorted sequence has in common with the one before it; 0 for the first


def sort_sequences(sequences: TokenSequences) -> SortedSequences:
    """Sort by token ids. Big-endian bytes sort as the numbers do, and a beginning sorts before what continues it."""
    big_endian = sequences.ids.astype(">u4")
    starts = sequences.starts.tolist()
    keys = [big_endian[first:end].tobytes() for first, end in pairwise(starts)]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    return SortedSequences(order, _shared_with_previous(sequences, order))


def _shared_with_previous(sequences: TokenSequences, order: Integers) -> Integers:
    """Depth by depth, only the neighbours that have been equal so far: as much work as there are shared tokens."""
    starts, lengths = sequences.starts[:-1][order], sequences.lengths[order]
    shared = np.zeros(len(order), dtype=np.int64)
    both = np.minimum(lengths[1:], lengths[:-1])
    alike = np.arange(1, len(order))  # [pair of neighbours] the later one's place in the order
    depth = 0
    while len(alike):
        alike = alike[both[alike - 1] > depth]
        alike = alike[sequences.ids[starts[alike] + depth] == sequences.ids[starts[alike - 1] + depth]]
        depth += 1
        shared[alike] = depth
    return shared
