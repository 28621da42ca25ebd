"""Rows of tokens for a model, and the log-probabilities that are wanted of them.

A *node* is a token that is fed; an *edge* is one token that may follow a node: log p(target | the node and its
ancestors). A *slot* is the place of an edge's log-probability in the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.sequences import Integers, TokenIds

Small = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Ancestry:
    """Which nodes of a row a node may see, where a row holds tries in depth-first order.

    Node k is an ancestor of q, or q itself, exactly when k ≤ q < subtree_ends[k].
    """

    depths: Small  # [row, token] a root has 0: the position that the model is told
    subtree_ends: Small  # [row, token] half-open, as places in the row


@dataclass(frozen=True)
class Rows:
    """Rows of one width. Without an ancestry, each row is one sequence and a node sees all before it."""

    token_ids: TokenIds  # [row, token]
    ancestry: Ancestry | None
    edge_nodes: Integers  # [edge] ascending; row × width + place
    edge_targets: Integers  # [edge] token ids
    edge_slots: Integers  # [edge]

    def __len__(self) -> int:
        return len(self.token_ids)

    @property
    def width(self) -> int:
        """Tokens of a row."""
        return int(self.token_ids.shape[1])

    def part(self, first: int, end: int) -> Rows:
        """The rows [first, end) with their edges."""
        edges = slice(*np.searchsorted(self.edge_nodes, [first * self.width, end * self.width]))
        ancestry = self.ancestry
        if ancestry is not None:
            ancestry = Ancestry(ancestry.depths[first:end], ancestry.subtree_ends[first:end])
        return Rows(
            self.token_ids[first:end],
            ancestry,
            self.edge_nodes[edges] - first * self.width,
            self.edge_targets[edges],
            self.edge_slots[edges],
        )


@dataclass(frozen=True)
class RowSet:
    """All sequences laid out in rows, and where the log-probability of each of their tokens is to be found."""

    groups: Sequence[Rows]
    slots: Integers  # [token] of the sequences; NO_SLOT for tokens that are not scored
    n_slots: int

    @property
    def n_tokens(self) -> int:
        """Tokens that are fed, padding among them."""
        return sum(group.token_ids.size for group in self.groups)


NO_SLOT = -1
