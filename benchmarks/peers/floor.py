"""The floor of a jsonl.zst pipeline: decompress, parse and unescape every text, and look for nothing.

One core, the fastest way known here: a zstandard stream in pieces that fit the second-level cache, cut at the last
line end, to msgspec's decoder of whole lines, which makes a string of each text. (Raw values joined and unescaped by
compiled code were not faster: msgspec unescapes, checks UTF-8 and makes strings at gigabytes a second.) `variant` "own
reading" is the product's reading path, its checks left in. The faster of the two is the floor.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from benchmarks.corpus import Corpus
from benchmarks.ours import run_path
from benchmarks.side import Side
from benchmarks.tasks import Task
from exposure.census import Census, ShardCensus
from exposure.orders import DataOrder
from indexer.readers.blocks import document_blocks
from indexer.readers.text import Fields

PIECE_BYTES = 1 << 18
READ_BYTES = 1 << 20


class Line(msgspec.Struct):
    """What is kept of a line."""

    text: str


class Floor(Side):
    """Reading, and nothing else."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.decoder = msgspec.json.Decoder(Line)
        self.census = None
        if task.variant == "own reading":
            warm, self.census = Census.open(DataOrder.load(run_path(corpus, task.kind))).shards
            _read(warm)

    def scan(self) -> None:
        """Every piece in turn."""
        if self.census is not None:
            _read(self.census)
            return
        for piece in whole_lines(self.corpus.shard("jsonl.zst")):
            self.decoder.decode_lines(piece)


def _read(shard: ShardCensus) -> None:
    for _ in document_blocks(shard, Fields()):
        pass


def whole_lines(path: Path) -> Iterator[bytes]:
    """The uncompressed stream in pieces of whole lines."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_size=READ_BYTES) as stream:
        held = b""
        while piece := stream.read(PIECE_BYTES):
            cut = piece.rfind(b"\n") + 1
            if cut:
                yield held + piece[:cut]
                held = piece[cut:]
            else:
                held += piece
        if held:
            yield held
