"""`python -m benchmarks.inside_memory`: the most memory that `exposure evaluate` holds while it measures everything.

A model of 12 layers with random weights, one checkpoint, whole paradigms, half of the pairs exposed by a timeline; the
process is one of its own, and asked for every measure there is. Exit status 1 where it held more than the bar. The
figures go to docs/evaluator-benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.inside.exposed_half import exposed_half
from benchmarks.inside.paradigms import add_paradigms, of_paradigms
from benchmarks.scoring.arguments import add_common, finish, refuse_missed
from benchmarks.scoring.models import RECIPES, checkpoint
from benchmarks.scoring.results import Measured, keep, kept, load_average, with_row
from benchmarks.tasks import ROOT
from evaluator.folder import EvaluationFolder
from evaluator.measure_specs import ASKED, MINIMAL_PAIRS
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource

MOST_BYTES = 4_000_000_000
"""The bar."""


def main() -> None:
    """Measure, keep the row, print it."""
    asked = _arguments()
    before = load_average()
    row = {"model": asked.model, **measured(asked)}
    old = kept(asked.work)["inside-memory"].rows if "inside-memory" in kept(asked.work) else []
    rows = with_row(old, row, ("model", "measures"))
    settings = {"threads": asked.threads, "dtype": "float32", "device": "cpu"}
    keep(asked.work, "inside-memory", Measured(settings, rows, (before, load_average())))
    finish(asked, "inside-memory")
    refuse_missed([row])


def measured(asked: argparse.Namespace) -> dict[str, object]:
    """One row."""
    work = asked.work / "inside-memory"
    shutil.rmtree(work, ignore_errors=True)
    pairs = of_paradigms(asked.data, asked.uid, None)
    files = [asked.data / "blimp" / f"{uid}.jsonl" for uid in asked.uid]
    timeline = exposed_half(pairs, files, work)
    started = time.perf_counter()
    peak = _evaluated(asked, files, timeline, work)
    return {
        "measures": ", ".join(sorted(asked.measures)),
        "pairs": len(pairs),
        "copy samples": asked.copy_samples,
        "ICL documents": asked.icl_rows,
        "seconds": round(time.perf_counter() - started),
        "peak GB": round(peak / 1e9, 2),
        "wanted": f"≤ {MOST_BYTES / 1e9:g}",
        "verdict": "met" if peak <= MOST_BYTES else "short",
    }


def _evaluated(asked: argparse.Namespace, files: Sequence[Path], timeline: Path, work: Path) -> int:
    """Peak bytes of the process; raises CalledProcessError or, where a measure was not made, AssertionError."""
    series, out = work / "series.json", work / "evaluation"
    source = CheckpointSource(step=10, path=str(checkpoint(asked.model, asked.work)))
    CheckpointSeries(name=asked.model, checkpoints=(source,)).save(series)
    text = ["--text", asked.data / "novels", "--icl-rows", asked.icl_rows] if "icl" in asked.measures else []
    options = ["--device", "cpu", "--dtype", "float32", "--threads", asked.threads, "--timeline", timeline, *text]
    named = [word for path in files for word in ("--pairs", path)]
    arguments = [asked.copy_samples, series, *named, "--out", out, "--measures", ",".join(asked.measures), *options]
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.inside.evaluating", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    _check_measured(out, asked.measures)
    return int(json.loads(said.splitlines()[-1])["peak_bytes"])


def _check_measured(out: Path, measures: Sequence[str]) -> None:
    (record,) = EvaluationFolder.open(out).checkpoints
    found = {name.partition("/")[0] for name in record.measured} | {MINIMAL_PAIRS}
    assert found >= set(measures), f"{sorted(set(measures) - found)} not measured: {record.notes}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inside_memory", description=__doc__)
    add_common(parser)
    add_paradigms(parser)
    parser.add_argument("--model", choices=list(RECIPES), default="copy-162m")
    parser.add_argument("--measures", nargs="+", choices=sorted(ASKED), default=sorted(ASKED), metavar="NAME")
    parser.add_argument("--copy-samples", type=int, default=12, metavar="N", help="by each generator [%(default)s]")
    parser.add_argument("--icl-rows", type=int, default=32, metavar="N", help="documents [%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
