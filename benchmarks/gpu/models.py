"""The checkpoints that are measured: random ones of Pythia's shape, and one that was trained for a moment."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPTNeoXConfig

from benchmarks.gpu.bench import DTYPE, Bench
from evaluator.devices import DTYPES
from exposure.checkpoint_series import CheckpointSeries
from lab.pretraining import pretrain
from lab.settings import settings_for
from lab.shapes import SHAPES
from lab.trainer import Trainer
from lab.training_order import with_checkpoints

END = "<|endoftext|>"
PYTHIA_160M: dict[str, Any] = {
    "vocab_size": 50304,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
"""Rotary embeddings on a quarter of each head and parallel residuals are the defaults of GPTNeoXConfig."""

SMALL: dict[str, Any] = {
    "vocab_size": 1088,
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def random_checkpoint(bench: Bench, seed: int = 0) -> Path:
    """A directory with random weights of Pythia's shape in 16 bits, as Pythia's own files have; made once."""
    folder = bench.work / "random" / f"step-{seed:08d}"
    if (folder / "config.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = GPTNeoXConfig(**(SMALL if bench.inputs.is_small else PYTHIA_160M), bos_token_id=0, eos_token_id=0)
    torch.manual_seed(seed)
    with bench.device:
        model = AutoModelForCausalLM.from_config(config, dtype=DTYPES[DTYPE])  # type: ignore[no-untyped-call]
    shutil.copyfile(bench.inputs.tokenizer, folder / "tokenizer.json")
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END, "eos_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(special), encoding="utf-8")
    model.save_pretrained(folder)
    return folder


def other_weights(bench: Bench, origin: Path, count: int) -> list[Path]:
    """`count` directories like `origin`, with some noise on every weight: no two hold the same."""
    made = [origin]
    weights = {name: one.to(bench.device) for name, one in _tensors(origin).items()}
    for seed in range(1, count):
        folder = origin.with_name(f"step-{seed:08d}")
        if not (folder / "config.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            torch.manual_seed(seed)
            noisy = {name: one + 0.1 * one.std(correction=0) * torch.randn_like(one) for name, one in weights.items()}
            _copy_with(origin, folder, {name: one.cpu() for name, one in noisy.items()})
        made.append(folder)
    return made


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def _copy_with(origin: Path, folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    for path in origin.glob("*.json"):
        shutil.copyfile(path, folder / path.name)


@dataclass(frozen=True)
class BriefRun:
    """EXP's 60M (or a tiny one) after so many steps; `begun` is the step after which its log is steady."""

    shape: str
    steps: int
    begun: int

    @classmethod
    def of(cls, is_small: bool) -> BriefRun:
        """What is trained."""
        return cls("tiny", 31, 11) if is_small else cls("exp-60m", 221, 21)


def brief_settings(is_small: bool) -> dict[str, Any]:
    """What of a brief run is not in its order."""
    run = BriefRun.of(is_small)
    return {"shape": run.shape, "steps": run.steps, "precision": "bf16", "micro_batch": 64, "warmup": 0.02}


def brief_run(bench: Bench) -> Path:
    """The folder of a run that was trained for a moment: its log and its last checkpoint; made once."""
    out, run = bench.work / "brief-run", BriefRun.of(bench.inputs.is_small)
    if (out / "series.json").exists():
        return out
    shutil.rmtree(out, ignore_errors=True)
    steps = min(run.steps, bench.inputs.order.steps)
    order = with_checkpoints(bench.inputs.order, (steps,))
    settings = settings_for(order, SHAPES[run.shape], precision="bf16", micro_batch=64, warmup=0.02)
    until = _Until(steps)
    pretrain(order, bench.inputs.rows, settings, out, bench.device, until, until.begin)
    return out


def brief_checkpoint(bench: Bench) -> Path:
    """The last checkpoint of the brief run."""
    series = CheckpointSeries.load(brief_run(bench) / "series.json")
    return Path(str(series.checkpoints[-1].path))


class _Until:
    """Stops a run at a step."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._trainer: Trainer | None = None

    def begin(self, trainer: Trainer) -> None:
        """The run has begun."""
        self._trainer = trainer

    def __call__(self) -> bool:
        return self._trainer is not None and self._trainer.step >= self._step
