"""Bytes of a shard: plain, gzip or zstandard, decompressed as they stream, digested as they are read."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import zstandard
from isal import isal_zlib

CHUNK_BYTES = 1 << 18
"""Read at once: so little that what it unpacks to stays in the processor's cache."""
HEADER_BYTES = 1 << 10
"""A gzip member is begun with at least so much of it: isal misreads some headers that come in pieces."""


class TruncatedStreamError(Exception):
    """The compressed stream ends before its end mark, or is damaged."""


class DigestingFile:
    """A binary file whose sha256 is taken on the way; `digest()` reads what is left, so it is the whole file's."""

    def __init__(self, path: Path, on_read: Callable[[int], None] | None = None) -> None:
        self._file: IO[bytes] = path.open("rb")
        self._sha256 = hashlib.sha256()
        self._on_read = on_read

    def read(self, size: int | None = None) -> bytes:
        """The next `size` bytes, or CHUNK_BYTES; fewer only at the end."""
        chunk = self._file.read(CHUNK_BYTES if size is None else size)
        self._sha256.update(chunk)
        if self._on_read is not None:
            self._on_read(len(chunk))
        return chunk

    def digest(self) -> str:
        """sha256 of the whole file, as hexadecimal digits."""
        while self.read():
            pass
        return self._sha256.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def decompressed(file: DigestingFile, name: str) -> Iterator[bytes]:
    """Chunks of uncompressed bytes, by the ending of `name`; raises TruncatedStreamError at a cut or damage."""
    chunks = iter(file.read, b"")
    if not name.endswith((".zst", ".gz")):
        yield from chunks
        return
    first = next(chunks, b"")
    if not first:
        raise TruncatedStreamError("the file is empty, and no compressed stream is: the file is truncated")
    unpack = _zstandard if name.endswith(".zst") else _gzip
    yield from unpack(itertools.chain([first], chunks))


def _zstandard(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # Not stream_reader: it ends quietly where a frame is cut short.
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**31)
    frame = None
    try:
        for chunk in chunks:
            while chunk:
                frame = frame or decompressor.decompressobj()
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise TruncatedStreamError(f"the zstandard stream is damaged ({error})") from error
    if frame is not None:
        raise TruncatedStreamError("the zstandard stream ends in the middle of a frame: the file is truncated")


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member, is_between = None, False
    try:
        for chunk in chunks:
            if is_between:
                chunk = chunk.lstrip(b"\0")  # members may be padded with zeros
            while chunk:
                if member is None:
                    chunk = _beginning(chunk, chunks)
                    member = isal_zlib.decompressobj(wbits=31)
                yield member.decompress(chunk)
                is_between = member.eof
                chunk = member.unused_data.lstrip(b"\0") if is_between else b""
                member = None if is_between else member
    except (isal_zlib.error, zlib.error) as error:  # type: ignore[misc]  # isal's stubs take the class for an instance
        raise TruncatedStreamError(f"the gzip stream is damaged ({error})") from error
    if member is not None:
        raise TruncatedStreamError("the gzip stream ends before its end mark: the file is truncated")


def _beginning(chunk: bytes, chunks: Iterator[bytes]) -> bytes:
    """At least HEADER_BYTES from the beginning of a member on, where there are as many."""
    pieces, length = [chunk], len(chunk)
    while length < HEADER_BYTES and (more := next(chunks, b"")):
        pieces.append(more)
        length += len(more)
    return b"".join(pieces)


def lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """(byte at which the line starts, the line without its newline) for every line of a stream."""
    start = 0
    held: list[bytes] = []
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        held.append(pieces[0])
        for piece in pieces[1:]:
            line = b"".join(held)
            yield start, line
            start += len(line) + 1
            held = [piece]
    if last := b"".join(held):
        yield start, last
