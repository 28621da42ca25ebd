"""COPY's experiment, smaller: runs that differ in one setting, measured for copying and induction all along.

Lv et al. 2024 (arXiv 2409.09281) train LLaMA 162M on 40B tokens; this is `copy-6l` on some hundred million tokens of
novels, shown several times over. Runs of other batch sizes take the same number of updates over the same rows.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpu.bench import DTYPE, Bench, Keep
from benchmarks.gpu.copying_curves import CopyingCurves
from benchmarks.gpu.longer_rows import longer_rows
from benchmarks.gpu.pretraining_run import dense_steps
from evaluator.conventions import PRESETS
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.provenance import provenance
from evaluator.requests import EvaluationRequest
from evaluator.run import evaluate
from exposure.checkpoint_series import CheckpointSeries
from exposure.orders import DataOrder
from exposure.pairs import MinimalPair
from lab.pretraining import pretrain
from lab.settings import settings_for
from lab.shapes import SHAPES
from lab.token_rows import TokenRows
from lab.training_log import read_log
from lab.training_order import reordered, with_checkpoints

SHARE_OF_MEASURING = 0.3
"""Of the time that is left: training stops before it."""

MEASURED_AT_ONCE = 8
"""Checkpoints after which what is there is written."""

MEASURES = ("minimal-pairs", "copying", "induction")


@dataclass(frozen=True)
class Variant:
    """What is unlike `plain` in a run."""

    name: str
    batch_sequences: int = 32
    weight_decay: float = 0.0
    attention_dropout: float = 0.0


VARIANTS = (
    Variant("plain"),
    Variant("batch-16", batch_sequences=16),
    Variant("batch-64", batch_sequences=64),
    Variant("weight-decay", weight_decay=0.1),
    Variant("dropout", attention_dropout=0.1),
)
"""In order of value."""


def settings(is_small: bool, variant: Variant) -> dict[str, Any]:
    """What decides the figures beside the code."""
    sizes = ("tiny", 256, 2, 4, 2) if is_small else ("copy-6l", 1024, 3000, 1, 40)
    shape, length, updates, divisor, checkpoints = sizes
    return {
        "shape": shape,
        "length": length,
        "updates": updates,
        "batch_sequences": variant.batch_sequences // divisor,
        "weight_decay": variant.weight_decay,
        "attention_dropout": variant.attention_dropout,
        "precision": "bf16",
        "micro_batch": 16,
        "lr": 1e-3,
        "checkpoints": checkpoints,
    }


def measure(bench: Bench, keep: Keep, variant: Variant) -> None:
    """Train, measure and write; what time does not suffice for is left out, and `is_whole` says so."""
    asked = settings(bench.inputs.is_small, variant)
    out = bench.work / f"copying-{variant.name}"
    order, rows = run_of(bench.inputs.order, bench.inputs.rows, asked)
    trained = _train(bench, order, rows, asked, out)
    keep(trained)
    series = CheckpointSeries.load(out / "series.json")
    folder = _evaluation(bench, variant, series)
    measured = _measure_all(bench, folder, series)
    curves = CopyingCurves.of(EvaluationFolder.open(folder.path))
    bench.out.mkdir(parents=True, exist_ok=True)
    curves.save(bench.out / f"copying-{variant.name}.json", {"settings": asked, "training": trained})
    shutil.make_archive(str(bench.out / f"copying-{variant.name}"), "gztar", folder.path)
    whole = trained["steps"] == trained["of_steps"] and measured == len(series.checkpoints)
    keep({**curves.figures, "measured": measured, "is_whole": whole})
    shutil.rmtree(out)


def run_of(order: DataOrder, rows: TokenRows, asked: dict[str, Any]) -> tuple[DataOrder, TokenRows]:
    """The run that takes `updates` steps of `batch_sequences` rows of `length`, shuffled anew in every epoch.

    Epochs are as few as the stream allows, and of as many rows as make the updates come out.
    """
    slots = asked["updates"] * asked["batch_sequences"]
    whole, _ = longer_rows(order, rows, asked["length"])
    epochs = -(-slots // whole.rows)
    longer, cut = longer_rows(order, rows, asked["length"], most=slots // epochs)
    run = reordered(longer, data_seed=0, epochs=epochs, batch_sequences=asked["batch_sequences"])
    return with_checkpoints(run, dense_steps(run.steps, asked["checkpoints"])), cut


def _train(bench: Bench, order: DataOrder, rows: TokenRows, asked: dict[str, Any], out: Path) -> dict[str, Any]:
    values = ("precision", "micro_batch", "lr", "weight_decay", "attention_dropout")
    chosen = settings_for(order, SHAPES[asked["shape"]], **{name: asked[name] for name in values}, tie=True)
    until = bench.until - SHARE_OF_MEASURING * bench.left
    result = pretrain(order, rows, chosen, out, bench.device, lambda: time.monotonic() >= until)
    log = read_log(out)
    return {
        "parameters": result.parameters,
        "steps": result.step,
        "of_steps": result.steps,
        "epochs": order.epochs,
        "tokens": log[-1].tokens,
        "loss": log[-1].loss,
        "train_s": log[-1].seconds,
    }


def _evaluation(bench: Bench, variant: Variant, series: CheckpointSeries) -> EvaluationFolder:
    """Of one paradigm's pairs: an evaluation always has some."""
    path = bench.work / f"copying-evaluation-{variant.name}"
    shutil.rmtree(path, ignore_errors=True)
    pairs = _pairs(bench)
    manifest = manifest_of(f"copying-{variant.name}", variant.name, pairs, DTYPE, [PRESETS["exposure"]])
    known = {"provenance": provenance(bench.device), "training": series.training}
    return EvaluationFolder.make(path, manifest.model_copy(update=known), pairs, [])


def _pairs(bench: Bench) -> list[MinimalPair]:
    first = bench.inputs.pairs[0].uid
    return [pair for pair in bench.inputs.pairs if pair.uid == first]


def _measure_all(bench: Bench, folder: EvaluationFolder, series: CheckpointSeries) -> int:
    """How many checkpoints are measured: some at a time, as long as there is time; those that are done stay done."""
    sources, taken = series.checkpoints, 0.0
    request = EvaluationRequest(device=bench.device.type, dtype=DTYPE, measures=MEASURES)
    for first in range(0, len(sources), MEASURED_AT_ONCE):
        if first and bench.left < taken:
            return first
        started = time.monotonic()
        some = CheckpointSeries(name=folder.manifest.series, checkpoints=sources[: first + MEASURED_AT_ONCE])
        evaluate(EvaluationFolder.open(folder.path), some, _pairs(bench), request)
        taken = time.monotonic() - started
    return len(sources)
