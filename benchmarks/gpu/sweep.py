"""What a sweep of checkpoints costs beside its scoring passes and one load: hashing, reading, storing, everything."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.bench import DTYPE, Bench, Keep
from benchmarks.gpu.clock import seconds, timed
from benchmarks.gpu.models import other_weights, random_checkpoint
from evaluator.conventions import PRESETS
from evaluator.devices import DTYPES, reproducible
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.reference_model import reference_model
from evaluator.requests import EvaluationRequest
from evaluator.run import evaluate
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource


def settings(is_small: bool) -> dict[str, Any]:
    """What decides the figures beside the code."""
    return {"checkpoints": 3 if is_small else 20, "dtype": DTYPE}


def measure(bench: Bench, keep: Keep) -> None:
    """20 × (load, hash, score, store) against 20 × one scoring pass and one load."""
    count = settings(bench.inputs.is_small)["checkpoints"]
    folders = other_weights(bench, random_checkpoint(bench), count)
    keep({"checkpoint_bytes": (folders[0] / "model.safetensors").stat().st_size})
    passing = _pass_and_load(bench, folders[0])
    keep(passing)
    bench.tidy()
    taken = seconds(bench, lambda: _sweep(bench, folders))
    ratio = taken / (count * passing["pass_s"] + passing["load_s"])
    keep({"checkpoints": count, "sweep_s": taken, "ratio": ratio})


def _pass_and_load(bench: Bench, folder: Path) -> dict[str, float]:
    """A pass settles near ties in fp32, as the sweep does; both models are loaded before its clock starts."""

    def load(dtype: torch.dtype) -> torch.nn.Module:
        return torch.nn.Module.to(reference_model(folder, folder.name, dtype, "sdpa"), bench.device)

    loading = timed(bench, lambda: load(DTYPES[DTYPE]), repeats=3)["seconds"]
    model, exact = load(DTYPES[DTYPE]), load(torch.float32)
    tokenised = tokenise_pairs(folder, bench.inputs.pairs, PRESETS["exposure"].spec(DTYPE))

    def score() -> None:
        score_pairs(model, tokenised, where=folder.name, fp32_model=lambda: exact)  # type: ignore[arg-type, return-value]

    with reproducible():
        return {"load_s": loading, "pass_s": timed(bench, score, repeats=5)["seconds"]}


def _sweep(bench: Bench, folders: list[Path]) -> None:
    path = bench.work / "sweep"
    shutil.rmtree(path, ignore_errors=True)
    sources = tuple(CheckpointSource(step=step, path=str(folder)) for step, folder in enumerate(folders))
    series = CheckpointSeries(name="random", checkpoints=sources)
    pairs = bench.inputs.pairs
    folder = EvaluationFolder.make(path, manifest_of("sweep", "random", pairs, DTYPE, [PRESETS["exposure"]]), pairs, [])
    records = evaluate(folder, series, pairs, EvaluationRequest(device=bench.device.type, dtype=DTYPE))
    broken = [record.reason for record in records if record.status != "scored"]
    if broken:
        raise RuntimeError(f"the sweep left checkpoints unscored: {broken[0]}")
