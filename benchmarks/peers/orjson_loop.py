"""The same loop with the fastest parts that Python offers: lines as bytes, orjson."""

from __future__ import annotations

import io

import orjson
import zstandard

from benchmarks.corpus import Corpus
from benchmarks.peers.pyahocorasick_loop import build, count
from benchmarks.side import LoopSide
from benchmarks.tasks import Task

BUFFER_BYTES = 1 << 20


class OrjsonLoop(LoopSide):
    """pyahocorasick fed by orjson."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.automaton = build(self.phrases)

    def scan(self) -> None:
        """Every line in turn."""
        with (
            self.corpus.shard("jsonl.zst").open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file, read_size=BUFFER_BYTES) as stream,
        ):
            for document, line in enumerate(io.BufferedReader(stream, BUFFER_BYTES)):
                count(self.automaton, document, orjson.loads(line)["text"], self.findings)
