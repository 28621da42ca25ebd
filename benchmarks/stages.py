"""Where the time of a scan goes: the product's own `scan_unit`, its steps wrapped by clocks.

`python -m benchmarks.stages CORPUS LIST OUTCOME-FILE` times one list, in a process that its caller has pinned to a CPU.
A clock counts the CPU time of its thread, and what is spent in a step within another counts for the inner one only; so
steps add up. What is one compiled function to the product, the search, is parted by scanning again with a function that
stops after the hashes, and with one that stops after the filters (compiled_steps.py): what each next one costs more is
the next step's.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from statistics import median
from threading import local
from typing import Any
from unittest.mock import patch

from benchmarks.corpus import Corpus
from benchmarks.ours import Scan, prepare_timeline
from benchmarks.tasks import ROOT, Task, pinned

SEARCH = "indexer.matchers.words.search"
REPEAT = 3
TIMEOUT = 300.0

STEPS = {
    "read the census": "exposure.census._read",
    "read the phrases": "exposure.timeline_folder.TimelineFolder.group",
    "decompress": "indexer.readers.stream_window.StreamWindow.fill",
    "read and sha256": "indexer.readers.streams.DigestingFile.read",
    "parse and unescape": "indexer.readers.json_blocks._Taker.block",
    "fold and classify": "indexer.compiled.marked_text.Marker.mark",
    "search": SEARCH,
    "from keys to matches": "indexer.matchers.words.matches",
    "tally": "indexer.tally.Tally.add",
    "result": "indexer.tally.Tally.result",
    "write the segment": "exposure.segments.SegmentFolder.write",
}
"""Step → the function that is it; one that another calls counts for itself alone."""

ROWS = (
    "read the census", "read the phrases",
    "read and sha256", "decompress", "parse and unescape", "fold and classify", "hash tokens", "filters",
    "walk and compare", "from keys to matches", "tally", "result", "write the segment", "all else",
)  # fmt: skip
"""The steps as they are shown, in the order of the work."""

PARTS = {"hash tokens": "hashes_only", "filters": "until_filters"}
"""Step → the function of compiled_steps.py that ends with it."""


class Clock:
    """Seconds of CPU by step, steps within steps taken off those around them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._thread = local()

    def wrapped(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, its time counted for `step`."""

        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._thread, "within", 0.0)
            self._thread.within = 0.0
            started = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.thread_time() - started
                self.seconds[step] += took - self._thread.within
                self._thread.within = outer + took

        return timed


@contextmanager
def clocked(clock: Clock, steps: dict[str, str]) -> Iterator[None]:
    """Within the block every step runs by the clock."""
    with ExitStack() as stack:
        for step, path in steps.items():
            owner, name = _owner(path)
            stack.enter_context(patch.object(owner, name, clock.wrapped(step, getattr(owner, name))))
        yield


def _owner(path: str) -> tuple[Any, str]:
    """The module or class that holds what a dotted path names, and its name there."""
    place, _, name = path.rpartition(".")
    try:
        return importlib.import_module(place), name
    except ModuleNotFoundError:
        module, _, owner = place.rpartition(".")
        return getattr(importlib.import_module(module), owner), name


def time_steps(corpus: Corpus, phrases: str) -> dict[str, float]:
    """Step of ROWS → milliseconds for a megabyte of text; medians of REPEAT scans in this process."""
    task = Task("exposure", str(corpus.folder), phrases)
    rounds = [_one_round(task, corpus) for _ in range(REPEAT)]
    scale = 1e9 / corpus.facts.text_bytes
    return {step: median(one[step] for one in rounds) * scale for step in ROWS}


def _one_round(task: Task, corpus: Corpus) -> dict[str, float]:
    found, total = _scan(task, corpus, None)
    upto = {step: _scan(task, corpus, name)[0]["search"] for step, name in PARTS.items()}
    found["all else"] = total - sum(found.values())
    found["hash tokens"] = upto["hash tokens"]
    found["filters"] = upto["filters"] - upto["hash tokens"]
    found["walk and compare"] = found.pop("search") - upto["filters"]
    return found


def _scan(task: Task, corpus: Corpus, part: str | None) -> tuple[dict[str, float], float]:
    """(CPU seconds by step, of the whole process) of one scan; `part` stands in for the search."""
    side = Scan(task, corpus)
    clock = Clock()
    owner, name = _owner(SEARCH)
    with ExitStack() as stack:
        if part is not None:
            function = getattr(importlib.import_module("benchmarks.compiled_steps"), part)
            stack.enter_context(patch.object(owner, name, function))
        stack.enter_context(clocked(clock, STEPS))
        started = time.process_time()
        side.scan()
        total = time.process_time() - started
    return {step: clock.seconds[step] for step in STEPS}, total


def measure_stages(corpus: Corpus, phrases: str) -> dict[str, float]:
    """`time_steps` in a process of its own on one CPU."""
    prepare_timeline(corpus, Task("exposure", str(corpus.folder), phrases))
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        command = [sys.executable, "-m", "benchmarks.stages", str(corpus.folder), phrases, file.name]
        subprocess.run(command, cwd=ROOT, preexec_fn=pinned(1), timeout=TIMEOUT, check=True)
        return dict(json.load(file))


if __name__ == "__main__":
    folder, wanted, place = sys.argv[1:]
    Path(place).write_text(json.dumps(time_steps(Corpus.open(Path(folder)), wanted)), encoding="utf-8")
