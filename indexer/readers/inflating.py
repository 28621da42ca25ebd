"""The uncompressed bytes of a shard, put straight into a buffer of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import zstandard

from indexer.readers.streams import DigestingFile, TruncatedStreamError, decompressed

Inflate = Callable[[memoryview], int]
"""Fills a buffer with the next bytes of a stream; fewer than it holds only at the end, or where a stream is damaged."""


def inflating(file: DigestingFile, name: str) -> Inflate:
    """The function that unpacks `file`, by the ending of `name`. Raises TruncatedStreamError at damage.

    A zstandard stream that is cut short ends quietly: whoever reads it compares the file's digest, or what was expected
    of it.
    """
    if not name.endswith(".zst"):
        return _Chunks(decompressed(file, name)).readinto
    reader = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(
        file,  # type: ignore[arg-type]  # all that is asked of it is read(size)
        read_across_frames=True,
        closefd=False,
    )
    return _guarded(reader.readinto)


def _guarded(readinto: Callable[[Any], int]) -> Inflate:
    def inflate(buffer: memoryview) -> int:
        try:
            return readinto(buffer)
        except zstandard.ZstdError as error:
            raise TruncatedStreamError(f"the zstandard stream is damaged ({error})") from error

    return inflate


class _Chunks:
    """Chunks of any length, handed out in other lengths."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer`; how many bytes there were."""
        filled = 0
        while filled < len(buffer):
            if not self._left:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._left = memoryview(chunk)
            piece = self._left[: len(buffer) - filled]
            buffer[filled : filled + len(piece)] = piece
            self._left = self._left[len(piece) :]
            filled += len(piece)
        return filled
