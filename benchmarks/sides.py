"""The sides by name, and the process that times one of them: `python -m benchmarks.sides TASK OUTCOME-FILE`.

A side is imported when it is timed, so that one that is not installed takes nothing from the others.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.corpus import Corpus
from benchmarks.side import Side
from benchmarks.tasks import Outcome, Task, peak_bytes

SIDES = {
    "exposure": "benchmarks.ours:Scan",
    "exposure matcher": "benchmarks.ours_in_memory:Matcher",
    "naive loop": "benchmarks.peers.naive:NaiveLoop",
    "pyahocorasick + orjson": "benchmarks.peers.orjson_loop:OrjsonLoop",
    "grep": "benchmarks.peers.grep:Grep",
    "floor": "benchmarks.peers.floor:Floor",
    "pyarrow read": "benchmarks.peers.parquet_read:ParquetRead",
    "pyahocorasick": "benchmarks.peers.pyahocorasick_loop:InMemory",
    "ahocorasick_rs": "benchmarks.peers.ahocorasick_rs:InMemory",
    "daachorse": "benchmarks.peers.daachorse:InMemory",
    "hyperscan": "benchmarks.peers.hyperscan:InMemory",
}


def side_class(name: str) -> type[Side]:
    """The class of a side; raises ImportError where what it needs is not installed."""
    module, _, noun = SIDES[name].partition(":")
    found: type[Side] = getattr(importlib.import_module(module), noun)
    return found


def time_task(task: Task) -> Outcome:
    """Make the side, time it, and keep what it found beside the corpus."""
    corpus = Corpus.open(Path(task.corpus))
    _into_page_cache(corpus.shard(task.kind))
    started = time.perf_counter()
    side = side_class(task.side)(task, corpus)
    ready = time.perf_counter()
    computed = _cpu_seconds()
    side.scan()
    ended, computed = time.perf_counter(), _cpu_seconds() - computed
    peak = peak_bytes()
    answer = side.answer()
    if answer is not None:
        answer.save(corpus.folder / f"{task.name}.npy")
    matches, found = (None, None) if answer is None else (answer.matches, answer.found)
    return Outcome(ended - ready, ready - started, side.text_bytes, matches, found, peak, computed)


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _into_page_cache(path: Path) -> None:
    """Read a file once, in pieces, so that no side waits for the disk."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


if __name__ == "__main__":
    given, place = sys.argv[1:]
    Path(place).write_text(json.dumps(asdict(time_task(Task(**json.loads(given))))), encoding="utf-8")
