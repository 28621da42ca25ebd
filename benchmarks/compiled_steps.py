"""The compiled search, stopped early: what it does to every token of a text, for as long as a step of it lasts.

Functions with the arguments of `indexer.compiled.key_search.search` that find nothing.
"""

from __future__ import annotations

import numba

from indexer.compiled.arrays import Scratch
from indexer.compiled.hashing import hash_tokens, token_starts
from indexer.compiled.key_search import WINDOW, _begin_pairs, _begin_singles
from indexer.compiled.key_table import KeyTable
from indexer.compiled.marked_text import MarkedText


@numba.njit(nogil=True, boundscheck=False, error_model="numpy")  # type: ignore[untyped-decorator]
def _tokens(marked: MarkedText, table: KeyTable, scratch: Scratch, with_filters: bool) -> int:
    """The loop of the search over windows: tokens, hashes and, if wanted, filters."""
    starts, hashes, active, values = scratch[0], scratch[1], scratch[2], scratch[3]
    count, passed = 0, 0
    for block in range(0, marked.blocks, WINDOW):
        stop = min(block + WINDOW, marked.blocks)
        fresh = count
        count = token_starts(marked.begins, block, stop, starts, fresh)
        hash_tokens(marked.text, marked.mark_bytes, starts, fresh, count, hashes)
        hashes[count] = hashes[count + 1] = 0
        looked_at = count if stop == marked.blocks else max(0, count - table.longest + 1)
        if with_filters:
            if table.has_singles:
                passed += _begin_singles(hashes, looked_at, table.singles, table.single_shift, active, values)
            passed += _begin_pairs(
                hashes, looked_at, table.pairs, table.pair_shift, table.triples, table.triple_shift, active, values,
                table.entries, table.shift,
            )  # fmt: skip
        for kept in range(looked_at, count):
            starts[kept - looked_at] = starts[kept]
            hashes[kept - looked_at] = hashes[kept]
        count -= looked_at
    return passed


def hashes_only(marked: MarkedText, table: KeyTable, scratch: Scratch, *_: object) -> int:
    """Tokens and their hashes."""
    _tokens(marked, table, scratch, False)
    return 0


def until_filters(marked: MarkedText, table: KeyTable, scratch: Scratch, *_: object) -> int:
    """Tokens, hashes, and which of them the filters let through."""
    _tokens(marked, table, scratch, True)
    return 0
