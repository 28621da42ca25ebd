"""The exposures worth keeping: of each phrase the first K and the last one, changed in place."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exposure.segments import EXPOSURES_SCHEMA
from indexer.blocks import Hits, Integers, TextBlock
from indexer.compiled.keeping import keep_hits, list_unresolved, resolve
from indexer.growing import grown
from indexer.kept_documents import KeptDocuments
from indexer.token_sizes import TokenSizes

Numbers = npt.NDArray[np.int32]

PLACE = [(name, np.int64) for name in ("slot", "document", "byte", "offset", "token", "document_offset")]
"""Where an exposure stands; `byte` counts in the passage.

A `token` below 0 is −1 − the tokens before a passage whose own are not known. An `offset` below 0 is −1 − the block of
the exposure: until that is resolved, `token` is the passage, and `document_offset` nothing.
"""
LAST = [("total", np.int64), ("bound", np.int64), *PLACE]
"""The last exposure, how many there are, and the slot of the K-th: what each hit is held against, in one cache line."""

WAITING_BYTES = 1 << 23
"""Text of blocks that are not resolved yet. Most of what is the last exposure in a block is displaced soon after."""


@dataclass(frozen=True)
class _Waiting:
    """A block, its number among those added (from 1), and the phrase numbers whose records it changed."""

    block: TextBlock
    number: int
    changed_lasts: Numbers
    changed_firsts: Numbers


@dataclass
class KeptExposures:
    """The last exposure and the first K of each phrase number. `sizes_of` is None without a tokenizer."""

    shard: int
    phrases: int
    keep_first: int
    sizes_of: TokenSizes | None = None
    _blocks: int = 0
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _documents: KeptDocuments = field(default_factory=KeptDocuments)
    _lasts: npt.NDArray[Any] = field(init=False)
    _firsts: npt.NDArray[Any] = field(init=False)
    _firsts_block: Integers = field(init=False)

    def __post_init__(self) -> None:
        self._lasts = np.zeros(0, dtype=LAST)
        self._firsts = np.zeros((0, self.keep_first), dtype=PLACE)
        self._firsts_block = np.zeros(0, dtype=np.int64)

    def add(
        self, block: TextBlock, hits: Hits, numbers: Numbers, met: int, slot_first: Integers, slots: Integers
    ) -> None:
        """Keep what is worth it of `hits`, whose phrases have `numbers` below `met`.

        Passage p of the block is shown in `slots[slot_first[p] : slot_first[p + 1]]`.
        """
        self._lasts, self._firsts, self._firsts_block = (
            grown(array, met, self.phrases) for array in (self._lasts, self._firsts, self._firsts_block)
        )
        self._blocks += 1
        changed_lasts, changed_firsts = np.empty((2, min(met, len(numbers))), dtype=np.int32)
        ends, beginnings = keep_hits(
            numbers,
            hits.passage,
            hits.start,
            slot_first,
            slots,
            block.document,
            block.start,
            self._blocks,
            self._lasts,
            self._firsts,
            self._firsts_block,
            changed_lasts,
            changed_firsts,
        )
        waiting = _Waiting(block, self._blocks, changed_lasts[:ends].copy(), changed_firsts[:beginnings].copy())
        self._waiting.append(waiting)
        while sum(len(one.block.text) for one in self._waiting) > WAITING_BYTES:
            self._resolve(self._waiting.popleft())
        self._documents.forget(self._lasts["document"][:met], self._firsts["document"][:met])

    def result(self, phrase_of: Numbers) -> pa.Table:
        """EXPOSURES_SCHEMA, sorted; `phrase_of` has the phrase of every number."""
        while self._waiting:
            self._resolve(self._waiting.popleft())
        order = np.argsort(phrase_of)
        kept = self._in_order(order)
        columns = [
            phrase_of[order].repeat(np.minimum(self._lasts["total"][order], self.keep_first + 1)),
            kept["slot"],
            kept["offset"],
            self._tokens(kept),
            np.full(len(kept), self.shard, dtype=np.int32),
            kept["document"],
            self._documents.ids(kept["document"]),
            kept["document_offset"],
        ]
        return pa.table(columns, schema=EXPOSURES_SCHEMA)

    def _in_order(self, order: Integers) -> npt.NDArray[Any]:
        """The records of phrase numbers in `order`: of each the first K, then the last one if it is none of them."""
        total = self._lasts["total"][order]
        places = np.zeros((len(order), self.keep_first + 1), dtype=PLACE)
        places[:, :-1] = self._firsts[order]
        for name, _ in PLACE:
            places[name][:, -1] = self._lasts[name][order]
        used = np.arange(self.keep_first + 1) < total[:, None]
        return places[used]

    def _tokens(self, kept: npt.NDArray[Any]) -> pa.Array:
        """The token of each record; null without a tokenizer."""
        if self.sizes_of is None:
            return pa.nulls(len(kept), pa.int64())
        token = kept["token"].copy()
        unknown = np.flatnonzero(token < 0)
        unknown = unknown[np.argsort(kept["document"][unknown])]
        for document, ends in self._documents.token_ends(kept["document"][unknown], self.sizes_of):
            first, end = np.searchsorted(kept["document"][unknown], [document, document + 1])
            some = unknown[first:end]
            token[some] = -1 - token[some] + np.searchsorted(ends, kept["byte"][some], side="right")
        return pa.array(token)

    def _resolve(self, waiting: _Waiting) -> None:
        """Turn bytes of a block into characters and tokens, for what is still kept of it."""
        block = waiting.block
        lasts, firsts = waiting.changed_lasts, waiting.changed_firsts
        found = np.empty((4, len(lasts) + len(firsts) * self.keep_first), dtype=np.int64)
        listed = list_unresolved(waiting.number, block.start, lasts, firsts, self._lasts, self._firsts, found)
        order = np.argsort(found[3, :listed])
        resolve(
            found,
            order,
            block.text,
            block.start,
            block.offset,
            block.token,
            block.document_offset,
            block.lead,
            block.sizes,
            block.first_size,
            block.end_size,
            self._lasts,
            self._firsts,
        )
        self._documents.add(block, found[2, order], self.sizes_of is not None)
