"""What outlives a block of the documents with exposures worth keeping: ids, and texts whose tokens are not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from indexer.blocks import Integers, TextBlock
from indexer.token_sizes import TokenSizes

TEXTS_AT_ONCE = 1024
BLOCKS_HELD = 1 << 12
LEAST_HELD = 1 << 12
"""Documents that are held before it is worth looking for those that need not be."""


@dataclass
class KeptDocuments:
    """Documents of one shard by their numbers. Those that hold nothing kept any more are forgotten now and then.

    Most are, so an id is taken from its block only at the end, or when those of BLOCKS_HELD blocks may be held for it.
    """

    _ids: dict[int, str | Callable[[int], str]] = field(default_factory=dict)
    _texts: dict[int, str] = field(default_factory=dict)
    _most: int = field(default_factory=lambda: LEAST_HELD)
    _blocks: int = 0

    def add(self, block: TextBlock, passages: Integers, has_tokens: bool) -> None:
        """Remember the documents of `passages`, which do not fall; and their texts, where tokens exist but not here."""
        self._blocks += 1
        new = np.ones(len(passages), dtype=np.bool_)
        new[1:] = passages[1:] != passages[:-1]
        passages = passages[new]
        lacks_tokens = has_tokens & (block.first_size == block.end_size)[passages]
        for passage, document, lacks in zip(
            passages.tolist(), block.document[passages].tolist(), lacks_tokens.tolist(), strict=True
        ):
            if document not in self._ids:
                self._ids[document] = block.id_of
                if lacks:
                    self._texts[document] = block.passage(passage)

    def forget(self, *live: Integers) -> None:
        """Drop what is not among the `live` numbers, when it is time to look."""
        if len(self._ids) <= self._most:
            return
        is_live = np.zeros(1 + max(self._ids), dtype=np.bool_)
        for numbers in live:
            is_live[numbers[numbers < len(is_live)]] = True
        self._ids = {number: id_ for number, id_ in self._ids.items() if is_live[number]}
        if self._blocks > BLOCKS_HELD:
            self._ids = {number: _id(number, id_) for number, id_ in self._ids.items()}
            self._blocks = 0
        self._texts = {number: text for number, text in self._texts.items() if is_live[number]}
        self._most = max(LEAST_HELD, 2 * len(self._ids), sum(map(np.size, live)) // 8)

    def ids(self, documents: Integers) -> pa.Array:
        """The id of each document."""
        numbers, which = np.unique(documents, return_inverse=True)
        return pa.array([_id(number, self._ids[number]) for number in numbers.tolist()], pa.string()).take(which)

    def token_ends(self, documents: Integers, sizes_of: TokenSizes) -> Iterator[tuple[int, Integers]]:
        """(document, byte at which each of its tokens ends) for documents whose tokens were not known; no order."""
        wanted = np.unique(documents).tolist()
        for first in range(0, len(wanted), TEXTS_AT_ONCE):
            some = wanted[first : first + TEXTS_AT_ONCE]
            for number, sizes in zip(some, sizes_of([self._texts[one] for one in some]), strict=True):
                yield number, np.cumsum(sizes, dtype=np.int64)


def _id(number: int, held: str | Callable[[int], str]) -> str:
    return held if isinstance(held, str) else held(number)
