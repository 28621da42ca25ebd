"""The naive loop: lines of the decompressed stream, json.loads, pyahocorasick."""

from __future__ import annotations

import json

import zstandard

from benchmarks.corpus import Corpus
from benchmarks.peers.pyahocorasick_loop import build, count
from benchmarks.side import LoopSide
from benchmarks.tasks import Task


class NaiveLoop(LoopSide):
    """What everybody writes first."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.automaton = build(self.phrases)

    def scan(self) -> None:
        """Every line in turn."""
        with zstandard.open(self.corpus.shard("jsonl.zst"), "rt", encoding="utf-8") as lines:
            for document, line in enumerate(lines):
                count(self.automaton, document, json.loads(line)["text"], self.findings)
