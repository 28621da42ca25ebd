"""Arrays with room for more rows than are used, on cache lines; what is not used costs address space only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_BYTES = 1 << 31
CACHE_LINE = 64


def grown(array: npt.NDArray[Any], rows: int, most_rows: int) -> npt.NDArray[Any]:
    """The array, or a copy with room for more where it has no room for `rows` rows; new rows are zero.

    There will be `most_rows` at most.
    """
    if rows <= len(array):
        return array
    row_bytes = array.itemsize * int(np.prod(array.shape[1:]))
    room = min(max(2 * rows, LEAST_BYTES // row_bytes), most_rows)
    raw = np.zeros(room * row_bytes + CACHE_LINE, dtype=np.uint8)
    first = -raw.ctypes.data % CACHE_LINE
    larger = raw[first : first + room * row_bytes].view(array.dtype).reshape(room, *array.shape[1:])
    larger[: len(array)] = array
    return larger
