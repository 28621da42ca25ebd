"""Peak memory of a scanning process: 100k phrases in 154 buckets, on a corpus and on one of a quarter of its size."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpus import Corpus, Recipe, corpus
from benchmarks.ours import prepare_run, prepare_timeline
from benchmarks.phrase_lists import list_path
from benchmarks.tasks import Task, run

PHRASES = "100k"
MOST_BYTES = 600_000_000
MOST_GROWTH = 1.1
"""Flat: four times the text takes no more than a tenth more memory."""

TIMEOUT = 300.0


@dataclass(frozen=True)
class Memory:
    """Peak bytes of three scans: the smaller corpus and the whole one by one thread, the whole one by two."""

    small_bytes: int
    large_bytes: int
    two_threads_bytes: int

    @property
    def most_bytes(self) -> int:
        """The worst of the scans of the whole corpus."""
        return max(self.large_bytes, self.two_threads_bytes)

    @property
    def growth(self) -> float:
        """The whole corpus to the smaller one."""
        return self.large_bytes / self.small_bytes


def measure_memory(recipe: Recipe, large: Corpus, work: Path) -> Memory:
    """Scan each once in a process of its own, for the same phrases."""
    small = corpus(replace(recipe, megabytes=recipe.megabytes // 4), work / "quarter")
    shutil.copyfile(list_path(large, PHRASES), list_path(small, PHRASES))
    peaks = []
    for one, cpus in ((small, 1), (large, 1), (large, 2)):
        task = Task("exposure", str(one.folder), PHRASES, cpus=cpus)
        prepare_run(one, task.kind)
        prepare_timeline(one, task)
        peaks.append(run(task, TIMEOUT).peak_bytes)
    return Memory(*peaks)
