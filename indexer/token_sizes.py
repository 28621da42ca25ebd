"""The bytes of the tokens of documents whose tokens the census does not keep, worked out when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from indexer.blocks import laid_out
from indexer.token_counters import TokenCounters
from indexer.tokens import TextTokenizer

TokenSizes = Callable[[list[str]], list[npt.NDArray[np.uint16]]]
"""The bytes of each token of each text."""


def token_sizes(tokenizer: TextTokenizer) -> TokenSizes:
    """Tokenises by the census's own counters; what it learns serves all later calls, also those of other threads."""
    counters = TokenCounters(tokenizer)

    def sizes_of(texts: list[str]) -> list[npt.NDArray[np.uint16]]:
        with counters.one() as counter:
            block = counter.block(*laid_out([text.encode() for text in texts]))
            return [block.document(index).size.copy() for index in range(len(texts))]

    return sizes_of
