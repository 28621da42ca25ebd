"""A stream seen through a buffer: what is dealt with is dropped at its front, what follows is filled in at its end."""

from __future__ import annotations

import numpy as np

from indexer.blocks import Bytes
from indexer.compiled.vectors import PADDING
from indexer.readers.inflating import Inflate


class StreamWindow:
    """`raw[:end]` are the bytes of the stream from its byte `base` on; PADDING bytes of the buffer lie behind them."""

    def __init__(self, inflate: Inflate, size: int) -> None:
        self._inflate = inflate
        self._size = size
        self.raw: Bytes = np.zeros(size + PADDING, dtype=np.uint8)
        self.base, self.end = 0, 0
        self.is_end = False
        """Whether nothing of the stream follows."""

    @property
    def is_full(self) -> bool:
        """Whether there is no room for more of the stream."""
        return self.end + PADDING == len(self.raw)

    def fill(self) -> None:
        """Fill the buffer, or read to the end of the stream."""
        view = self.raw.data[: len(self.raw) - PADDING]
        while not self.is_full and not self.is_end:
            more = self._inflate(view[self.end :])
            self.end += more
            self.is_end = not more

    def drop_before(self, place: int) -> None:
        """Forget the bytes before byte `place` of the stream, those of them that are here.

        A full buffer that has nothing to forget grows to twice its size; a large one of which little is left shrinks.
        """
        dropped = min(place - self.base, self.end)
        left = self.end - dropped
        size = self._size
        while size <= left:
            size *= 2
        if size + PADDING == len(self.raw):
            self.raw[:left] = self.raw[dropped : self.end]  # numpy copies overlapping parts rightly
        else:
            held = np.zeros(size + PADDING, dtype=np.uint8)
            held[:left] = self.raw[dropped : self.end]
            self.raw = held
        self.base += dropped
        self.end = left
