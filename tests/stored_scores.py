"""A tiny checkpoint evaluated by the whole of `evaluate`, to hold what is stored against other libraries."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tiny_models

from evaluator.conventions import PRESETS, Convention
from evaluator.folder import EvaluationFolder
from evaluator.items import read_items
from evaluator.manifest import manifest_of
from evaluator.requests import EvaluationRequest
from evaluator.run import evaluate
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource

Floats = npt.NDArray[np.float64]
STEP = 100


@dataclass(frozen=True)
class Stored:
    """Of every pair of `tiny_models.pairs()`, by one convention."""

    good: Floats  # [pair] sums of log p
    bad: Floats  # [pair]
    delta: Floats  # [pair] difference of the normed scores
    credit: Floats  # [pair] what it counts for in an accuracy


def stored(checkpoint: Path, convention: Convention) -> Stored:
    """What an evaluation of one checkpoint keeps and makes of it."""
    folder = _evaluated(checkpoint)
    record = folder.checkpoints[0]
    assert record.weights_sha256 is not None
    table = read_items(folder.items_path(folder.manifest.spec(convention), record.weights_sha256))
    series = folder.series(convention)
    good, bad = (np.asarray(table[f"score_{side}"], dtype=np.float64) for side in ("good", "bad"))
    return Stored(good, bad, series.delta[0], series.credit[0])


@cache
def _evaluated(checkpoint: Path) -> EvaluationFolder:
    """All presets, fp32, on the CPU."""
    path = Path(tempfile.mkdtemp(dir=checkpoint.parent))
    pairs = tiny_models.pairs()
    series = CheckpointSeries(name=checkpoint.name, checkpoints=(CheckpointSource(step=STEP, path=str(checkpoint)),))
    manifest = manifest_of("peers", series.name, pairs, "float32", list(PRESETS.values()))
    folder = EvaluationFolder.make(path / "evaluation", manifest, pairs, [])
    evaluate(folder, series, pairs, EvaluationRequest(device="cpu", dtype="float32", threads=1))
    return EvaluationFolder.open(folder.path)
