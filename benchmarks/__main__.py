"""`python -m benchmarks`: measure, print tables, write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.agreement import compare, reference_of
from benchmarks.bars import BARS, tasks_of
from benchmarks.corpus import Corpus, Recipe, corpus
from benchmarks.document import document
from benchmarks.machine import library_versions, machine
from benchmarks.matchers import matcher_tasks
from benchmarks.memory import measure_memory
from benchmarks.ours import prepare_run, prepare_timeline
from benchmarks.phrase_lists import SIZES, write_phrase_lists
from benchmarks.report import tables
from benchmarks.results import Results
from benchmarks.resume import measure_resume
from benchmarks.rounds import TIMEOUT, Timings
from benchmarks.sources import DATA
from benchmarks.stages import measure_stages
from benchmarks.tasks import ROOT, Task, run
from exposure.tables import table
from indexer.compiled.code_cache import VARIABLE

OTHER_PARTS = {
    "matchers": "matchers alone, text in memory",
    "agreement": "whether all that was timed found the same",
    "memory": "peak memory of a scan, and whether it grows with the corpus",
    "resume": "what kill -9 loses",
    "compile": "how long the first scan on a machine compiles",
    "stages": "where the time of a scan goes",
}
MEGABYTES = 256
BUSY = 0.5
STAGE_LISTS = ("10k", "100k", "1M")
KINDS = ("jsonl.zst", "parquet")


def main() -> None:
    """Measure what was asked for."""
    asked = _arguments()
    asked.work.mkdir(parents=True, exist_ok=True)
    kept = asked.work / "results.json"
    if asked.render:
        results = Results.load(kept)
    else:
        results = measure(asked.only, Recipe(asked.megabytes, asked.seed, asked.data), asked.work, asked.repeat)
        results.save(kept)
    for one in tables(results):
        sys.stdout.write(f"\n{one.title}\n\n{table(one.rows, one.columns)}{one.note}\n")
    if asked.write is None and set(results.parts) == set(_parts()) and asked.megabytes == MEGABYTES:
        asked.write = ROOT / "docs" / "benchmarks.md"
    if asked.write is not None:
        asked.write.write_text(document(results), encoding="utf-8")
        print(f"written: {asked.write}")


def _arguments() -> argparse.Namespace:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the names of all parts")
    parser.add_argument("--only", nargs="+", choices=_parts(), default=list(_parts()), metavar="NAME", help="parts")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help="text of the corpus [%(default)s]")
    parser.add_argument("--repeat", type=int, default=3, help="rounds [%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="of corpus and phrases [%(default)s]")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with novels/ and blimp/, if there is one")
    parser.add_argument("--work", type=Path, default=caches / "exposure" / "benchmarks", help="folder for all files")
    parser.add_argument("--write", type=Path, metavar="FILE", help="[docs/benchmarks.md, when everything was measured]")
    parser.add_argument("--render", action="store_true", help="print the results of the last run again")
    asked = parser.parse_args()
    if asked.list:
        width = max(map(len, _parts()))
        sys.exit("\n".join(f"{name:{width}}  {what}" for name, what in _parts().items()))
    return asked


def _parts() -> dict[str, str]:
    return {bar.name: bar.what for bar in BARS} | OTHER_PARTS


def measure(parts: list[str], recipe: Recipe, work: Path, repeat: int) -> Results:
    """All parts, one after the other; those that are timed in rounds together."""
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"This machine is busy (load {load:.1f}): figures will be worth little.", file=sys.stderr)
    made = corpus(recipe, work)
    for kind in KINDS:
        prepare_run(made, kind)
    named = [one for one in _parts() if one in parts]
    results = Results(time.strftime("%Y-%m-%d"), machine(), library_versions(), made.facts, repeat, named)
    wanted = tasks_of([bar for bar in BARS if bar.name in parts])
    if "matchers" in parts:
        wanted += matcher_tasks(list(SIZES)).values()
    write_phrase_lists(
        recipe,
        made,
        {
            "10k",
            "100k",
            *(STAGE_LISTS if "stages" in parts else ()),
            *(task.phrases for task in wanted if task.phrases),
        },
    )
    timings = _timed(made, wanted, repeat)
    if "agreement" in parts:
        _compare(made, list(timings.outcomes), timings, results)
    results.timings = Timings(
        {replace(task, corpus=""): outcomes for task, outcomes in timings.outcomes.items()},
        {replace(task, corpus=""): reason for task, reason in timings.failures.items()},
    )
    results.save(work / "results.json")  # what took longest is kept, whatever happens to the rest
    if "memory" in parts:
        results.memory = measure_memory(recipe, made, work)
    if "resume" in parts:
        results.resume = measure_resume(made)
    if "compile" in parts:
        results.compile_seconds = _compile_seconds(made)
    if "stages" in parts:
        results.stages = {phrases: measure_stages(made, phrases) for phrases in STAGE_LISTS}
    return results


def _timed(made: Corpus, wanted: list[Task], repeat: int) -> Timings:
    tasks = [replace(task, corpus=str(made.folder)) for task in wanted]
    timings = Timings()
    _prepare(made, tasks)
    timings.measure(tasks, repeat)
    return timings


def _prepare(made: Corpus, tasks: list[Task]) -> None:
    for task in tasks:
        if task.side == "exposure":
            prepare_timeline(made, task)


def _compare(made: Corpus, timed: list[Task], timings: Timings, results: Results) -> None:
    """Hold every side that was timed against ours, which is run once more as the peers match."""
    pairs = [(task, reference) for task in timed if (reference := reference_of(task)) is not None]
    missing = [one for one in dict.fromkeys(reference for _, reference in pairs) if one not in timings.outcomes]
    _prepare(made, missing)
    timings.measure(missing, 1)
    results.agreements = [compare(made, *pair) for pair in pairs if pair[1] in timings.outcomes]


def _compile_seconds(made: Corpus) -> float:
    """Setup with no compiled code kept."""
    task = Task("exposure", str(made.folder), "10k")
    prepare_timeline(made, task)
    with tempfile.TemporaryDirectory() as folder:
        return run(task, TIMEOUT, {VARIABLE: folder}).setup_seconds


if __name__ == "__main__":
    main()
