"""Finding documents that NFC may change, without normalising any."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.vectors import VECTOR, high_mask, lowest_bit

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

UNSURE = 255
"""As in nfc_table.py."""

_ONE = np.uint64(1)


@kernel
def mark_unsure(
    text: Bytes,
    starts: Integers,
    ends: Integers,
    page_of: npt.NDArray[np.uint16],
    pages: npt.NDArray[np.uint8],
    unsure: npt.NDArray[np.bool_],
) -> None:
    """Set `unsure[k]` for every document k that NFC may change; of one that is no UTF-8, anything."""
    for document in range(len(starts)):
        place, end = starts[document], ends[document]
        last_class = 0
        unsure[document] = False
        while place < end:
            high = high_mask(text, place)
            if high & _ONE == 0:  # ASCII: nothing of it is changed, and nothing is carried over it
                last_class = 0
                place += lowest_bit(high) if high else VECTOR  # the processor guesses, and does not wait for the mask
                continue
            code, size = _code_point(text, place)
            value = pages[page_of[code >> 8], code & 0xFF]
            if value == UNSURE or (value != 0 and value < last_class):
                unsure[document] = True
                break
            last_class = value
            place += size


@kernel
def _code_point(text: Bytes, place: int) -> tuple[int, int]:
    """(code point, bytes) of the character that begins at `place`, which is none of ASCII."""
    first = text[place]
    second = text[place + 1] & 0x3F
    if first < 0xE0:
        return (first & 0x1F) << 6 | second, 2
    third = text[place + 2] & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | second << 6 | third, 3
    return (first & 0x07) << 18 | second << 12 | third << 6 | text[place + 3] & 0x3F, 4
