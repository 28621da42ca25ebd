"""`python -m benchmarks.sweep_cost`: what a sweep of checkpoints costs beside scoring passes and one load.

`evaluate` over 20 checkpoints with other weights each, everything included: hashing, tokenising, weights written in
place, the first load proven, scores stored. Against 20 times one scoring pass (median of passes before and after, the
pairs tokenised, the model loaded) and one load by transformers. The figures go to docs/evaluator-benchmarks.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.scoring.arguments import add_common, finish
from benchmarks.scoring.models import RECIPES, checkpoint
from benchmarks.scoring.results import Measured, keep, kept, load_average, with_row
from benchmarks.scoring.samples import blimp
from evaluator.conventions import PRESETS
from evaluator.devices import device_of, dtype_of
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.reference_model import reference_model
from evaluator.requests import EvaluationRequest
from evaluator.run import evaluate
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from exposure.pairs import MinimalPair

MOST = 1.3
"""The bar: a sweep by its scoring passes and one load."""

REPEATS = 3


def main() -> None:
    """Measure what was asked for, row by row; every row is kept as soon as it is there."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    pairs = blimp(asked.data / "blimp", asked.pairs_per_paradigm)
    settings = {"threads": asked.threads, "dtype": asked.dtype, "device": asked.device}
    for model in asked.models:
        before = load_average()
        row = {"model": model, **measured(asked, series(model, asked.work, asked.checkpoints), pairs)}
        old = kept(asked.work)["sweep"].rows if "sweep" in kept(asked.work) else []
        rows = with_row(old, row, ("model", "pairs"))
        keep(asked.work, "sweep", Measured(settings, rows, (before, load_average())))
    finish(asked, "sweep")


def series(model: str, work: Path, count: int) -> CheckpointSeries:
    """`count` directories whose weights differ: those of a recipe, scaled by a little more each."""
    sources = []
    for number in range(count):
        folder = work / "series" / model / f"step{number}"
        if not (folder / "tokenizer.json").exists():
            _scaled(checkpoint(model, work), 1 + number / 1000, folder)
        sources.append(CheckpointSource(step=number, path=str(folder)))
    return CheckpointSeries(name=model, checkpoints=tuple(sources))


def _scaled(origin: Path, factor: float, folder: Path) -> None:
    weights = AutoModelForCausalLM.from_pretrained(origin)
    with torch.no_grad():
        for parameter in weights.parameters():
            parameter.mul_(factor)
    weights.save_pretrained(folder)
    AutoTokenizer.from_pretrained(origin).save_pretrained(folder)


def measured(asked: argparse.Namespace, series: CheckpointSeries, pairs: Sequence[MinimalPair]) -> dict[str, object]:
    """One row."""
    first = Path(series.checkpoints[0].path or "")
    device = device_of(asked.device)
    dtype = dtype_of(asked.dtype, device)
    loads = [_clocked(lambda: reference_model(first, first.name, dtype, "sdpa").to(device)) for _ in range(REPEATS)]
    model = reference_model(first, first.name, dtype, "sdpa").to(device)
    tokenised = tokenise_pairs(first, pairs, PRESETS["exposure"].spec(asked.dtype))

    def one_pass() -> None:
        score_pairs(model, tokenised, where="the first")

    one_pass()  # lays the rows out, warms up
    passes = [_clocked(one_pass) for _ in range(REPEATS)]
    sweep = _clocked(lambda: _sweep(asked, series, pairs))
    passes += [_clocked(one_pass) for _ in range(REPEATS)]
    scoring, load, count = median(passes), median(loads), len(series.checkpoints)
    ratio = sweep / (count * scoring + load)
    print(f"{series.name}: sweep {sweep:.1f} s, pass {scoring:.2f} s, load {load:.2f} s", file=sys.stderr, flush=True)
    return {
        "checkpoints": count,
        "pairs": len(pairs),
        "sweep s": round(sweep, 2),
        "pass s": round(scoring, 3),
        "low – high": f"{min(passes):.2f} – {max(passes):.2f}",
        "load s": round(load, 3),
        "ratio": round(ratio, 3),
        "wanted": f"≤ {MOST}",
        "verdict": "met" if ratio <= MOST else "short",
    }


def _sweep(asked: argparse.Namespace, series: CheckpointSeries, pairs: Sequence[MinimalPair]) -> None:
    path = asked.work / "evaluation"
    shutil.rmtree(path, ignore_errors=True)
    manifest = manifest_of("sweep", series.name, pairs, asked.dtype, [PRESETS["exposure"]])
    folder = EvaluationFolder.make(path, manifest, pairs, [])
    records = evaluate(
        folder, series, pairs, EvaluationRequest(device=asked.device, dtype=asked.dtype, threads=asked.threads)
    )
    assert [record.status for record in records] == ["scored"] * len(series.checkpoints), records


def _clocked(what: Callable[[], object]) -> float:
    """Seconds of the clock."""
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_cost", description=__doc__)
    add_common(parser)
    parser.add_argument("--models", nargs="+", choices=list(RECIPES), default=["tiny-llama-gqa", "exp-35m"])
    parser.add_argument("--checkpoints", type=int, default=20, help="[%(default)s]")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    return parser.parse_args()


if __name__ == "__main__":
    main()
