"""Keys as they are entered: the hashes of their tokens, and their bytes copied into records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.compiled.arrays import Bytes, Integers
from indexer.compiled.hashing import hash_tokens, token_starts
from indexer.compiled.jit import kernel
from indexer.compiled.marked_text import MarkedText


def hashes_of(
    marked: MarkedText, key_starts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """(hash of every token, number of each key's first token and at last of all tokens); keys hold no fillers."""
    room = int(np.bitwise_count(marked.begins[: marked.blocks]).sum())
    starts = np.zeros(room + 16, dtype=np.uint32)
    hashes = np.zeros(room, dtype=np.uint64)
    count = token_starts(marked.begins, 0, marked.blocks, starts, 0)
    hash_tokens(marked.text, marked.mark_bytes, starts, 0, count, hashes)
    first_tokens = np.append(np.searchsorted(starts[:count], key_starts), count)
    return hashes, first_tokens.astype(np.int64)


@kernel
def copy_texts(text: Bytes, starts: Integers, ends: Integers, targets: Integers, into: Bytes) -> None:
    """Copy text[starts[k]:ends[k]] to into[targets[k]:], for every k."""
    for key in range(len(starts)):
        for place in range(ends[key] - starts[key]):
            into[targets[key] + place] = text[starts[key] + place]
