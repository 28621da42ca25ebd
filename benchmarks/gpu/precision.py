"""bf16 against fp32: decisions that turn, ties, and what it costs to settle near ties in fp32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from benchmarks.gpu.bench import DTYPE, Bench, Keep
from benchmarks.gpu.clock import timed
from benchmarks.gpu.models import brief_checkpoint, brief_settings
from evaluator.conventions import PRESETS
from evaluator.devices import reproducible
from evaluator.items import ItemScores
from evaluator.reference_model import reference_model
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs


def settings(is_small: bool) -> dict[str, Any]:
    """What decides the figures beside the code."""
    return {"dtype": DTYPE, "brief_run": brief_settings(is_small)}


def measure(bench: Bench, keep: Keep) -> None:
    """On a model that was trained for a moment: random weights make near ties of everything."""
    folder = brief_checkpoint(bench)
    exact = _model(bench, folder, torch.float32)
    model = _model(bench, folder, torch.bfloat16)
    with reproducible():
        in_fp32, fp32_s = _scored(bench, folder, exact, None)
        as_it_is, bf16_s = _scored(bench, folder, model, None)
        settled, settled_s = _scored(bench, folder, model, exact)
    keep({
        "pairs": len(in_fp32),
        "fp32_s": fp32_s,
        "bf16_s": bf16_s,
        "bf16_settled_s": settled_s,
        "rescored": int(settled.rescored.sum()),
        "most_apart_nats": float(np.abs(as_it_is.delta - in_fp32.delta).max()),
        "ties_fp32": int((in_fp32.delta == 0).sum()),
        "ties_bf16": int((as_it_is.delta == 0).sum()),
        "other_decisions": _other_decisions(as_it_is, in_fp32),
        "other_decisions_settled": _other_decisions(settled, in_fp32),
    })  # fmt: skip


def _other_decisions(one: ItemScores, other: ItemScores) -> int:
    return int(((one.delta > 0) != (other.delta > 0)).sum())


def _model(bench: Bench, folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    model = reference_model(folder, folder.name, dtype, "sdpa")
    torch.nn.Module.to(model, bench.device)
    return model


def _scored(
    bench: Bench, folder: Path, model: PreTrainedModel, exact: PreTrainedModel | None
) -> tuple[ItemScores, float]:
    """Scores, and seconds; `exact` is the model that near ties are settled by."""
    spec = PRESETS["exposure"].spec(str(model.dtype).removeprefix("torch."))
    tokenised = tokenise_pairs(folder, bench.inputs.pairs, spec)
    found: list[ItemScores] = []

    def score() -> None:
        asked = None if exact is None else lambda: exact
        found.append(score_pairs(model, tokenised, where=folder.name, fp32_model=asked))

    taken = timed(bench, score, repeats=3)["seconds"]
    return found[-1], taken
