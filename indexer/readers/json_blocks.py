"""The documents of a jsonl shard in blocks, at the speed of unpacking: no Python for a document.

The census says at which byte of the stream each document's line starts; compiled code takes the text out of it. Python
reads the few lines that have an escaped key or a byte order mark, by the census's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exposure.census import ShardCensus
from indexer.blocks import GAP, Bytes, DocumentBlock, Integers
from indexer.compiled.arrow_text import copy_texts
from indexer.compiled.json_text import CROOKED, ODD, take_texts
from indexer.compiled.vectors import PADDING
from indexer.readers.counted import BLOCK_BYTES, OtherShardError, integers_of
from indexer.readers.inflating import inflating
from indexer.readers.jsonl import parse_line, unmarked
from indexer.readers.records import BadLine, Fields, name_of
from indexer.readers.stream_window import StreamWindow
from indexer.readers.streams import DigestingFile


def json_blocks(census: ShardCensus, fields: Fields, file: DigestingFile) -> Iterator[DocumentBlock]:
    """The census's documents in order, in blocks that are never empty. Raises OtherShardError, TruncatedStreamError."""
    path = Path(census.shard.path)
    taker = _Taker(path, fields, integers_of(census, "start"), integers_of(census, "line"))
    window = StreamWindow(inflating(file, path.name.lower()), BLOCK_BYTES)
    while taker.next < len(taker.starts):
        window.fill()
        block = taker.block(window)
        if len(block):
            yield block
        elif window.is_end:
            raise OtherShardError
        del block  # its memory serves the next one
        if taker.next < len(taker.starts):
            window.drop_before(taker.starts[taker.next])


class _Taker:
    """Takes documents out of a stream, one window after the other."""

    def __init__(self, path: Path, fields: Fields, starts: Integers, lines: Integers) -> None:
        self._path, self._fields = path, fields
        self._names = (_name(fields.text), _name(fields.id))
        self.starts, self._lines = starts, lines
        self.next = 0
        """Number of the document that comes next."""

    def block(self, window: StreamWindow) -> DocumentBlock:
        """The documents whose lines are whole in the window, from the next one on; maybe none."""
        first = self.next
        stop = max(first, int(np.searchsorted(self.starts, window.base + window.end)))
        starts = self.starts[first:stop]
        spans = np.empty((len(starts), 4), dtype=np.int64)
        text = np.empty(len(GAP) + window.end + 2 * PADDING, dtype=np.uint8)
        text[: len(GAP)] = list(GAP)
        taken, used, odd_ids = 0, len(GAP), dict[int, str]()
        while taken < len(starts):
            taken, used, how = take_texts(
                window.raw, window.end, window.is_end, window.base, starts, taken, self._names, text, used, spans
            )
            if how == CROOKED:
                raise OtherShardError
            if how != ODD or (line := self._line(window, first + taken)) is None:
                break
            odd_ids[first + taken], used = self._take_odd(first + taken, line, text, used, spans[taken])
            taken += 1
        self.next = first + taken
        text[used : used + PADDING] = 0
        spans = spans[:taken]
        ids = _ids(window.raw, spans, self._path, first, self._lines[first : self.next], odd_ids)
        return DocumentBlock(text[: used + PADDING], spans[:, 0].copy(), spans[:, 1].copy(), first, ids)

    def _line(self, window: StreamWindow, number: int) -> bytes | None:
        """The line of a document; None where the window does not hold all of it."""
        start = int(self.starts[number]) - window.base
        # No further than to the next document: so the lines of a window are looked through once, not once for each.
        stop = int(self.starts[number + 1]) - window.base if number + 1 < len(self.starts) else window.end
        line, newline, _ = window.raw[start : min(stop, window.end)].tobytes().partition(b"\n")
        return line if newline or window.is_end else None

    def _take_odd(self, number: int, line: bytes, text: Bytes, used: int, span: Integers) -> tuple[str, int]:
        """Read a line in Python: (id, bytes used)."""
        at = int(self._lines[number])
        document = parse_line(self._path, at, int(self.starts[number]), unmarked(at, line), self._fields)
        if isinstance(document, BadLine):
            raise OtherShardError
        content = document.text.encode()
        end = used + len(content)
        text[used : end + len(GAP)] = np.frombuffer(content + GAP, dtype=np.uint8)
        span[:] = used, end, 0, 0
        return document.id, end + len(GAP)


def _name(field: str) -> Bytes:
    return np.frombuffer(field.encode("utf-8", "surrogatepass"), dtype=np.uint8).copy()


@dataclass(frozen=True)
class _Ids:
    """The ids of a block's documents, by number in the shard; decoded when they are asked for."""

    path: Path
    first: int
    lines: Integers
    values: bytes
    ends: Integers
    odd: dict[int, str]

    def __call__(self, number: int) -> str:
        if number in self.odd:
            return self.odd[number]
        index = number - self.first
        value = self.values[self.ends[index - 1] if index else 0 : self.ends[index]]
        if value[:1] == b'"' and b"\\" not in value:
            return value[1:-1].decode()  # what json.loads would give, in a tenth of the time
        return name_of(self.path, int(self.lines[index]), json.loads(value) if value else None)


def _ids(raw: Bytes, spans: Integers, path: Path, first: int, lines: Integers, odd: dict[int, str]) -> _Ids:
    starts, stops = spans[:, 2].copy(), spans[:, 3].copy()
    ends = np.cumsum(stops - starts)
    values = np.empty(ends[-1] if len(ends) else 0, dtype=np.uint8)
    lines_read = raw[:]
    lines_read.flags.writeable = False  # as Arrow's buffers are: one compiled form serves both
    copy_texts(lines_read, starts, stops, values, 0, 0)
    return _Ids(path, first, lines, values.tobytes(), ends, odd)
