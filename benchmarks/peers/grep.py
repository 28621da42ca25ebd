"""`zstdcat | grep -oFwf phrases` on the raw lines of the shard, in a UTF-8 locale: two processes.

It reports no overlapping matches and no positions, and sees JSON escapes as they are: what it counts is fewer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter

import numpy as np

from benchmarks.answers import NEVER, Answer
from benchmarks.corpus import Corpus
from benchmarks.phrase_lists import list_path
from benchmarks.side import LoopSide
from benchmarks.tasks import Task


class Grep(LoopSide):
    """The shell's way. Its reading of the patterns is part of what is timed: it cannot be had apart."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        for program in ("zstdcat", "grep"):
            if shutil.which(program) is None:
                raise SystemExit(f"{program} is not installed")
        self.found = self.corpus.folder / f"{task.name}.txt"

    def scan(self) -> None:
        """The pipeline, its matches written to a file."""
        unpack = ["zstdcat", str(self.corpus.shard("jsonl.zst"))]
        with self.found.open("wb") as found, subprocess.Popen(unpack, stdout=subprocess.PIPE) as unpacked:
            subprocess.run(
                ["grep", "-oFwf", list_path(self.corpus, self.task.phrases)],
                stdin=unpacked.stdout,
                stdout=found,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                check=False,
            )
        if unpacked.returncode:
            raise SystemExit("zstdcat failed")

    def answer(self) -> Answer | None:
        """The counts; where the first matches stand is not known."""
        with self.found.open(encoding="utf-8") as lines:
            seen = Counter(line.rstrip("\n") for line in lines)
        self.found.unlink()
        counts = np.array([seen[phrase] for phrase in self.phrases], dtype=np.int64)
        return Answer(counts, *np.full((2, len(counts)), NEVER, dtype=np.int64))
