"""One timing of one side, in a process of its own: `python -m benchmarks.scoring.timing TASK SCORES-FILE`.

Loading and scoring are timed apart. Before the clock for scoring starts, every side has scored a few pairs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks.scoring.samples import blimp
from benchmarks.scoring.scores import PairScores
from benchmarks.tasks import ROOT, peak_bytes
from exposure.pairs import MinimalPair

WARM_UP_PAIRS = 64

Score = Callable[[Sequence[MinimalPair]], PairScores]


@dataclass(frozen=True)
class Task:
    """What to time: `batch` is a peer's batch size ("auto" for the harness), None for our default."""

    side: str
    checkpoint: str
    blimp: str
    pairs_per_paradigm: int | None
    batch: int | str | None
    threads: int
    dtype: str = "float32"
    device: str = "cpu"


@dataclass(frozen=True)
class Outcome:
    """Seconds of the clock; `cpu_seconds` is what was computed while scoring."""

    load_seconds: float
    score_seconds: float
    cpu_seconds: float
    pairs: int
    peak_bytes: int

    @property
    def total_seconds(self) -> float:
        """Loaded and scored, once."""
        return self.load_seconds + self.score_seconds


def run(task: Task) -> tuple[Outcome, PairScores]:
    """Time `task` in a fresh process, offline; raises CalledProcessError when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.npz"
        command = [sys.executable, "-m", "benchmarks.scoring.timing", json.dumps(asdict(task)), str(scores)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
        said = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        return Outcome(**json.loads(said.splitlines()[-1])), PairScores.load(scores)


def timed(task: Task) -> tuple[Outcome, PairScores]:
    """Load, warm up, score."""
    torch.set_num_threads(task.threads)
    pairs = blimp(Path(task.blimp), task.pairs_per_paradigm)
    make = SIDES[task.side]
    started = time.perf_counter()
    score = make(task)
    ready = time.perf_counter()
    score(pairs[:: max(1, len(pairs) // WARM_UP_PAIRS)])
    begun, computed = time.perf_counter(), time.process_time()
    scores = score(pairs)
    seconds, computed = time.perf_counter() - begun, time.process_time() - computed
    return Outcome(ready - started, seconds, computed, len(pairs), peak_bytes()), scores


def _ours(task: Task) -> Score:
    from benchmarks.scoring.ours import Evaluator
    from evaluator.conventions import PRESETS

    assert not isinstance(task.batch, str)
    evaluator = Evaluator(Path(task.checkpoint), task.batch, task.dtype, task.device)
    return partial(evaluator.score, convention=PRESETS["lm-eval" if task.side == "ours, lm-eval" else "exposure"])


def _harness(task: Task) -> Score:
    from benchmarks.scoring.harness import Harness

    assert task.batch is not None
    return Harness(Path(task.checkpoint), task.batch, task.dtype, task.device).score


def _minicons(task: Task) -> Score:
    from benchmarks.scoring.library import WITH_BOS, Minicons

    assert isinstance(task.batch, int)
    return partial(Minicons(Path(task.checkpoint), task.batch, task.dtype, task.device).score, settings=WITH_BOS)


SIDES: dict[str, Callable[[Task], Score]] = {
    "ours, lm-eval": _ours,
    "ours, exposure": _ours,
    "lm-eval": _harness,
    "minicons": _minicons,
}
"""Imported when timed, so that none pays for another."""


def main() -> None:
    """Time what the command line asks for; the last line said is the outcome."""
    given, place = sys.argv[1:]
    outcome, scores = timed(Task(**json.loads(given)))
    scores.save(Path(place))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
