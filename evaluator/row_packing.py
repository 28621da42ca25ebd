"""Tries packed in rows of one width: runs of sorted neighbours, each token that they share fed once a row.

Of a trie only the inner nodes are fed: the last token of a sequence is asked for, and nothing follows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.rows import NO_SLOT, Ancestry, Rows, RowSet
from evaluator.sequences import Integers, TokenSequences
from evaluator.tries import SortedSequences

ROW_WIDTH = 128
"""Nodes of a row. On BLiMP, with GPT-NeoX's tokenizer, 720,441 nodes are then fed as 765,952 tokens in 5,984 rows: 6 %
are repeated from row to row or padding. With 256 it would be 3 %, and attention would cost twice the 3 % that it does
of the forward pass at width 768. One width for all batches keeps compiled graphs and allocations alike."""

PADDING_ID = 0
"""Fed where a row has room left; nothing sees it."""


@dataclass(frozen=True)
class _Placement:
    """Where the path (all tokens but the last) of each sorted sequence stands."""

    nodes: Integers  # [sequence] tokens of the path
    shared: Integers  # [sequence] its first nodes that are in its row already
    row: Integers  # [sequence]
    base: Integers  # [sequence] place in the row of its first node that is not
    used: Integers  # [row] nodes in it

    @property
    def n_rows(self) -> int:
        return len(self.used)


def packed_rows(sequences: TokenSequences, ordered: SortedSequences, width: int | None = None) -> RowSet:
    """All sequences as tries in rows of `width` nodes (by default ROW_WIDTH, or what the longest needs)."""
    width = width or row_width(int(sequences.lengths.max(initial=1)) - 1)
    placement = _place(sequences, ordered, width)
    rows = _nodes(sequences, ordered, placement, width)
    nodes = _node_of_token(sequences, ordered, placement, width)
    slots, edge_nodes, edge_targets = _edges(sequences, ordered, nodes)
    group = Rows(*rows, edge_nodes, edge_targets, np.arange(len(edge_nodes)))
    return RowSet([group], slots, len(edge_nodes))


def row_width(longest: int) -> int:
    """A width in which a path of `longest` nodes leaves room for others: a multiple of ROW_WIDTH."""
    return max(1, -(-2 * longest // ROW_WIDTH)) * ROW_WIDTH


def _place(sequences: TokenSequences, ordered: SortedSequences, width: int) -> _Placement:
    """Sequence after sequence into the row that is open; one that does not fit opens the next."""
    nodes = sequences.lengths[ordered.order] - 1
    common = np.minimum(ordered.shared, nodes)
    common[1:] = np.minimum(common[1:], nodes[:-1])
    shared, row, base = (np.zeros(len(nodes), dtype=np.int64) for _ in range(3))
    used = [0]
    for place, (length, begun) in enumerate(zip(nodes.tolist(), common.tolist(), strict=True)):
        if used[-1] + length - begun > width:
            used.append(0)
        begun = begun if used[-1] else 0
        shared[place], row[place], base[place] = begun, len(used) - 1, used[-1]
        used[-1] += length - begun
    return _Placement(nodes, shared, row, base, np.array(used, dtype=np.int64))


def _nodes(
    sequences: TokenSequences, ordered: SortedSequences, placement: _Placement, width: int
) -> tuple[npt.NDArray[np.int32], Ancestry]:
    """Token, depth and end of subtree of every node, depth by depth.

    At depth d, a sequence that shares at most d nodes has a node of its own there, if it is so long. The subtree of
    that node ends where the next such sequence begins, however long that is, or with the row.
    """
    shape = placement.n_rows, width
    token_ids = np.full(shape, PADDING_ID, dtype=np.int32)
    depths = np.zeros(shape, dtype=np.int32)
    ends = np.tile(np.arange(1, width + 1, dtype=np.int32), (placement.n_rows, 1))  # padding sees itself only
    starts = sequences.starts[:-1][ordered.order]
    for depth in range(int(placement.nodes.max(initial=0))):
        branching = np.flatnonzero(placement.shared <= depth)
        end = _next_branch(placement, branching)
        is_long = placement.nodes[branching] > depth
        mine = branching[is_long]
        at = placement.row[mine], placement.base[mine] + depth - placement.shared[mine]
        token_ids[at] = sequences.ids[starts[mine] + depth]
        depths[at] = depth
        ends[at] = end[is_long]
    return token_ids, Ancestry(depths, ends)


def _next_branch(placement: _Placement, branching: Integers) -> Integers:
    """[branching] The place in its row where the next of the branching sequences begins, else how full the row is."""
    row = placement.row[branching]
    end = placement.used[row]
    in_row = row[1:] == row[:-1]
    end[:-1][in_row] = placement.base[branching[1:]][in_row]
    return end


def _node_of_token(sequences: TokenSequences, ordered: SortedSequences, placement: _Placement, width: int) -> Integers:
    """[token] row × width + place of every token that is fed; of a shared one, its first node in the row."""
    nodes = np.full(len(sequences.ids), NO_SLOT, dtype=np.int64)
    starts = sequences.starts[:-1][ordered.order]
    first = placement.row * width + placement.base - placement.shared
    for depth in range(int(placement.nodes.max(initial=0))):
        long = np.flatnonzero(placement.nodes > depth)
        nodes[starts[long] + depth] = first[_owners(placement.shared, depth)[long]] + depth
    return nodes


def _owners(shared: Integers, depth: int) -> Integers:
    """[sequence] The sequence whose token at `depth` it shares: the nearest before it, or itself, that branches."""
    return np.maximum.accumulate(np.where(shared <= depth, np.arange(len(shared)), 0))


def _edges(sequences: TokenSequences, ordered: SortedSequences, nodes: Integers) -> tuple[Integers, Integers, Integers]:
    """[token] slots, [edge] nodes, [edge] targets: one edge for each distinct beginning with its next token.

    Sequences that begin alike share their edges even where they stand in different rows, so that what two sides have
    in common cancels exactly.
    """
    owner = _owner_of_token(sequences, ordered)
    is_wanted = np.zeros(len(owner), dtype=bool)
    is_wanted[owner[sequences.is_target]] = True
    wanted = np.flatnonzero(is_wanted)
    parents = owner[wanted - 1]
    parents = np.where(nodes[parents] == NO_SLOT, wanted - 1, parents)  # the last token of its owner is not fed
    order = np.argsort(nodes[parents], kind="stable")
    slot_of_owner = np.full(len(owner), NO_SLOT)
    slot_of_owner[wanted[order]] = np.arange(len(wanted))
    slots = np.where(sequences.is_target, slot_of_owner[owner], NO_SLOT)
    return slots, nodes[parents[order]], sequences.ids[wanted[order]].astype(np.int64)


def _owner_of_token(sequences: TokenSequences, ordered: SortedSequences) -> Integers:
    """[token] The first token, in sorted order, that ends the same beginning: one for each node of the whole trie."""
    starts, lengths = sequences.starts[:-1][ordered.order], sequences.lengths[ordered.order]
    owner = np.arange(len(sequences.ids))
    for depth in range(int(lengths.max(initial=0))):
        long = np.flatnonzero(lengths > depth)
        owner[starts[long] + depth] = starts[_owners(ordered.shared, depth)[long]] + depth
    return owner
