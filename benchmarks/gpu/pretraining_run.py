"""A run of EXP's 60M over the novels, all of its checkpoints scored, and the scores packed to be carried."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.bench import DTYPE, Bench, Keep, NotHereError
from benchmarks.gpu.packed_items import pack
from evaluator.conventions import PRESETS
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.provenance import provenance
from evaluator.requests import EvaluationRequest
from evaluator.run import evaluate
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from lab.pretraining import pretrain
from lab.settings import settings_for
from lab.shapes import SHAPES
from lab.training_log import read_log
from lab.training_order import with_checkpoints

SCORED_AT_ONCE = 8
"""Checkpoints after which what is there is packed."""

SHARE_OF_SCORING = 0.4
"""Of the time that is left, so much is kept for scoring: training stops before it."""

ALL_POWERS = 64
"""Every power of two up to this step is a checkpoint, then steps at equal ratios."""


def settings(is_small: bool, seed: int) -> dict[str, Any]:
    """What decides the figures beside the code."""
    return {
        "shape": "tiny" if is_small else "exp-60m",
        "precision": "bf16",
        "micro_batch": 64,
        "init_seed": seed,
        "lr": 1e-3,
        "checkpoints": 2 if is_small else 40,
    }


def measure(bench: Bench, keep: Keep, seed: int) -> None:
    """Train, score and pack; what time does not suffice for is left out, and `is_whole` says so.

    Raises NotHereError where not one checkpoint could be scored in time.
    """
    asked = settings(bench.inputs.is_small, seed)
    out = bench.work / f"run-seed-{seed}"
    trained = _train(bench, asked, out)
    keep(trained)
    series = CheckpointSeries.load(out / "series.json")
    folder = _evaluation(bench, seed)
    whole = bench.inputs.order.steps == trained["steps"]
    scored = _score(bench, folder, series, lambda: _pack(bench, folder, seed, trained))
    if not scored:
        raise NotHereError("no time was left for scoring a checkpoint")
    keep({**_last_accuracy(folder), "scored": scored, "is_whole": whole and scored == len(series.checkpoints)})
    shutil.rmtree(out)


def dense_steps(steps: int, count: int) -> tuple[int, ...]:
    """Step 0, powers of two up to ALL_POWERS, then about `count` more at equal ratios to the last step."""
    powers = [1 << power for power in range(ALL_POWERS.bit_length()) if 1 << power <= steps]
    spaced = np.geomspace(min(ALL_POWERS, steps), steps, count).round().astype(int).tolist()
    return tuple(sorted({0, *powers, *spaced, steps}))


def _train(bench: Bench, asked: dict[str, Any], out: Path) -> dict[str, Any]:
    order = bench.inputs.order
    order = with_checkpoints(order, dense_steps(order.steps, asked["checkpoints"]))
    values = {name: asked[name] for name in ("precision", "micro_batch", "init_seed", "lr")}
    until = bench.until - SHARE_OF_SCORING * bench.left
    result = pretrain(
        order,
        bench.inputs.rows,
        settings_for(order, SHAPES[asked["shape"]], **values),
        out,
        bench.device,
        lambda: time.monotonic() >= until,
    )
    log = read_log(out)
    return {
        "parameters": result.parameters,
        "steps": result.step,
        "of_steps": result.steps,
        "tokens": log[-1].tokens if log else 0,
        "loss": log[-1].loss if log else None,
        "train_s": log[-1].seconds if log else 0.0,
    }


def _evaluation(bench: Bench, seed: int) -> EvaluationFolder:
    path = bench.work / f"evaluation-seed-{seed}"
    shutil.rmtree(path, ignore_errors=True)
    pairs = bench.inputs.pairs
    manifest = manifest_of(f"exp-60m-seed-{seed}", f"seed-{seed}", pairs, DTYPE, [PRESETS["exposure"]])
    manifest = manifest.model_copy(update={"provenance": provenance(bench.device)})
    return EvaluationFolder.make(path, manifest, pairs, [])


def _score(bench: Bench, folder: EvaluationFolder, series: CheckpointSeries, pack_all: Callable[[], None]) -> int:
    """How many checkpoints are scored: some at a time, as long as there is time."""
    sources, taken = series.checkpoints, 0.0
    for first in range(0, len(sources), SCORED_AT_ONCE):
        if first and bench.left < taken:
            return first
        started = time.monotonic()
        _score_some(bench, folder, sources[: first + SCORED_AT_ONCE])
        pack_all()
        taken = time.monotonic() - started
    return len(sources)


def _score_some(bench: Bench, folder: EvaluationFolder, sources: Sequence[CheckpointSource]) -> None:
    """Those that are scored already are not scored again."""
    series = CheckpointSeries(name=folder.manifest.series, checkpoints=tuple(sources))
    opened = EvaluationFolder.open(folder.path)
    evaluate(opened, series, bench.inputs.pairs, EvaluationRequest(device=bench.device.type, dtype=DTYPE))


def _pack(bench: Bench, folder: EvaluationFolder, seed: int, trained: dict[str, Any]) -> None:
    facts = {"seed": seed, "order_digest": bench.inputs.order.digest, "training": trained}
    bench.out.mkdir(parents=True, exist_ok=True)
    pack(EvaluationFolder.open(folder.path), facts).save(bench.out / f"items-seed-{seed}.npz")


def _last_accuracy(folder: EvaluationFolder) -> dict[str, Any]:
    """The macro mean over paradigms at the first and at the last checkpoint."""
    series = EvaluationFolder.open(folder.path).series()
    uids = np.array(series.pairs.uid)
    means = [series.credit[:, uids == uid].mean(axis=1) for uid in dict.fromkeys(series.pairs.uid)]
    macro = np.mean(means, axis=0)  # [checkpoint]
    return {"first_accuracy": float(macro[0]), "last_accuracy": float(macro[-1])}
