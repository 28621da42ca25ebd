"""Texts copied from one buffer to another, where they stand apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.vectors import VECTOR, copy_vector

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_LINE_FEED = 0x0A


@kernel
def copy_texts(source: Bytes, starts: Integers, ends: Integers, out: Bytes, used: int, gap: int) -> int:
    """Copy `source[starts[k]:ends[k]]` for each k to `out` from `used` on, `gap` line feeds behind each; bytes used.

    `source` is not read beyond its texts: the buffers of others have no padding.
    """
    for index in range(len(starts)):
        place, end = starts[index], ends[index]
        length = end - place
        if length >= VECTOR:
            for offset in range(0, length - VECTOR, VECTOR):
                copy_vector(out, used + offset, source, place + offset)
            copy_vector(out, used + length - VECTOR, source, end - VECTOR)
        else:
            for offset in range(length):
                out[used + offset] = source[place + offset]
        used += length
        for offset in range(gap):
            out[used + offset] = _LINE_FEED
        used += gap
    return used
