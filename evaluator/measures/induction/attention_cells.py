"""Cells of an attention pattern: which (query, key) a head score reads, and how they are averaged.

Three scores, each a weighted mean of cells over sequences that repeat (repeated_sequences.py). Places are 0-based;
`first` is where the first repeat begins, so they are counted after any BOS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.scored import Floats, Integers


@dataclass(frozen=True)
class AttentionCells:
    """Σ weight × attention[query, key] is the score of a head on one sequence."""

    queries: Integers  # [cell]
    keys: Integers  # [cell] key ≤ query
    weights: Floats  # [cell]

    def __post_init__(self) -> None:
        """Nothing attends to what comes after it."""
        assert (self.keys <= self.queries).all()

    def score(self, attention: npt.NDArray[np.floating]) -> Floats:
        """[...] The scores of attention [..., cell], read at queries and keys: [...] may be sequence, layer, head."""
        return np.asarray(attention.astype(np.float64) @ self.weights)


def induction_cells(half: int, first: int) -> AttentionCells:
    """Ā of COPY (arXiv 2409.09281; method.md, section 5): the mean attention from place s + i − 1 to place i.

    i = 1 … s − 1, where s = `half` is the length of either of two identical halves. The query is the second occurrence
    of token i − 1, the key the token that followed its first.
    """
    places = np.arange(1, half)
    return _mean(first + half + places - 1, first + places)


def prefix_matching_cells(period: int, repeats: int, first: int) -> AttentionCells:
    """Prefix matching (Olsson et al. 2022, head activation evaluators): what a token gives to those that followed the
    same token in earlier repeats.

    Summed over the earlier repeats, averaged over all queries from the second repeat on: a head that only does this
    has 1, however it divides its weight among repeats. (The plain mean of all these cells, which the text can also be
    read as, cannot reach 1 where there are more than two repeats: it is the same divided by the mean number of earlier
    repeats, see `mean_targets`.) The last token of a repeat counts: what followed it is the next repeat's first.
    """
    queries = np.arange(period, period * repeats)
    cells = [(q, q % period + 1 + period * earlier) for q in queries for earlier in range(q // period)]
    pairs = np.array(cells, dtype=np.int64)
    return AttentionCells(first + pairs[:, 0], first + pairs[:, 1], np.full(len(pairs), 1 / len(queries)))


def mean_targets(repeats: int) -> float:
    """How many earlier repeats a query from the second on has, on average."""
    return repeats / 2


def previous_token_cells(period: int, repeats: int, first: int) -> AttentionCells:
    """The mean attention to the token before, over all tokens but the first of the sequence (Olsson et al. 2022).

    The first token after a BOS is left out: what it gives to the BOS is what attention sinks get. All repeats count.
    """
    queries = np.arange(1, period * repeats)
    return _mean(first + queries, first + queries - 1)


def _mean(queries: Integers, keys: Integers) -> AttentionCells:
    return AttentionCells(queries, keys, np.full(len(queries), 1 / len(queries)))
