"""Checkpoints as transformers directories: written under another name, moved to their own when they are whole."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel

from exposure.checkpoint_series import FILE_NAME, CheckpointSeries, CheckpointSource
from exposure.orders import TokenizerSpec
from exposure.training_facts import TrainingFacts

PREFIX = "step-"


def begin_token(spec: TokenizerSpec) -> tuple[str, int] | None:
    """The token that begins a row, by content and id: the first of row_prefix."""
    return (spec.row_prefix[0], spec.row_prefix_ids[0]) if spec.row_prefix else None


def end_token(spec: TokenizerSpec) -> tuple[str, int] | None:
    """The token that ends a document: end_of_document where documents are joined, else the last of row_suffix."""
    if spec.end_of_document is not None and spec.end_of_document_id is not None:
        return spec.end_of_document, spec.end_of_document_id
    return (spec.row_suffix[-1], spec.row_suffix_ids[-1]) if spec.row_suffix else None


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step is."""
    return folder / f"{PREFIX}{step:08d}"


def checkpoint_steps_in(folder: Path) -> list[int]:
    """The steps of the checkpoints that are there, rising."""
    return sorted(int(path.name.removeprefix(PREFIX)) for path in folder.glob(f"{PREFIX}{'[0-9]' * 8}"))


def write_checkpoint(folder: Path, step: int, model: PreTrainedModel, tokenizer: Path, spec: TokenizerSpec) -> None:
    """Write config.json, model.safetensors (fp32), tokenizer.json and tokenizer_config.json of a step."""

    def fill(partial: Path) -> None:
        model.config.save_pretrained(partial)
        save_file(_weights(model), partial / "model.safetensors", metadata={"format": "pt"})
        shutil.copyfile(tokenizer, partial / "tokenizer.json")
        config = _tokenizer_config(spec, int(model.config.max_position_embeddings))
        (partial / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    write_folder(checkpoint_path(folder, step), fill)


def write_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` fill a folder of another name, and put it in the place of `target`."""
    with _partial_folder(target) as partial:
        fill(partial)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)


def write_series(folder: Path, steps: list[int], run: Path, training: TrainingFacts) -> None:
    """Write series.json: the checkpoints of `steps` (at least one), which are there, and how they were trained."""
    sources = tuple(CheckpointSource(step=step, path=str(checkpoint_path(folder, step).absolute())) for step in steps)
    name = folder.absolute().name
    series = CheckpointSeries(name=name, run=str(run.absolute()), training=training, checkpoints=sources)
    series.save(folder / FILE_NAME)


def drop_checkpoints_after(folder: Path, step: int, run: Path, training: TrainingFacts) -> None:
    """Forget checkpoints of later steps (they are trained again) and what an interruption left half written."""
    kept = [one for one in checkpoint_steps_in(folder) if one <= step]
    if kept:
        write_series(folder, kept, run, training)
    else:
        (folder / FILE_NAME).unlink(missing_ok=True)
    for later in checkpoint_steps_in(folder):
        if later > step:
            shutil.rmtree(checkpoint_path(folder, later))
    for partial in folder.glob(".*.partial"):
        if partial.is_dir():
            shutil.rmtree(partial)


def _weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Every weight by its name; of those that are one and the same (tied embeddings) the first."""
    weights: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, weight in model.state_dict().items():
        if weight.data_ptr() not in seen:
            seen.add(weight.data_ptr())
            weights[name] = weight.detach().cpu().contiguous()
    return weights


@contextmanager
def _partial_folder(target: Path) -> Iterator[Path]:
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _tokenizer_config(spec: TokenizerSpec, positions: int) -> dict[str, object]:
    begin, end = begin_token(spec), end_token(spec)
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": begin and begin[0],
        "eos_token": end and end[0],
        "model_max_length": positions,
        "clean_up_tokenization_spaces": False,
    }
