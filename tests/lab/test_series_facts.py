"""What series.json says of a run's training, and runs that were begun before it said so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shell import exposure
from transformers import AutoModelForCausalLM

from exposure.checkpoint_series import CheckpointSeries
from lab.training_log import read_log

TINY = ("--shape", "tiny", "--layers", 1, "--width", 16, "--mlp", 32, "--device", "cpu", "--threads", 1)


def test_series_says_how_it_was_trained(prepare: Any, tmp_path: Path) -> None:
    """Every fact is the one that the options, the manifest, the log and the checkpoint have."""
    run = prepare(seed=1)
    options = ("--lr", 0.002, "--weight-decay", 0.1, "--attention-dropout", 0.25, "--init-seed", 7, "--warmup", 0.4)
    out = tmp_path / "out"
    sizes = ("--batch-sequences", 3, "--epochs", 2, "--tie")
    assert exposure("pretrain", run.manifest, *TINY, *options, *sizes, "--out", out).status == 0
    series = CheckpointSeries.load(out / "series.json")
    found = series.training
    assert found is not None
    assert (found.batch_sequences, found.sequence_length, found.init_seed) == (3, run.order.sequence_length, 7)
    assert (found.learning_rate, found.weight_decay, found.attention_dropout) == (0.002, 0.1, 0.25)
    rates = [one.lr for one in read_log(out)]
    assert found.warmup_steps == rates.index(max(rates)) + 1
    assert found.parameters == AutoModelForCausalLM.from_pretrained(series.checkpoints[-1].path).num_parameters()


def test_run_from_before_these_settings_goes_on(prepare: Any, tmp_path: Path) -> None:
    """training.json without attention dropout, and series.json without facts, are those of a run that had none."""
    run = prepare(seed=1)
    arguments = ("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    exposure(*arguments, "--max-minutes", 1e-9)
    record, series = tmp_path / "out" / "training.json", tmp_path / "out" / "series.json"
    kept = json.loads(record.read_text())
    assert kept["settings"].pop("attention_dropout") == 0.0
    record.write_text(json.dumps(kept))
    older = json.loads(series.read_text())
    del older["training"]
    series.write_text(json.dumps(older))
    answer = exposure(*arguments, "--attention-dropout", 0.1)
    assert answer.status == 1
    assert "attention_dropout was 0.0, now 0.1" in answer.err
    answer = exposure(*arguments)
    assert answer.status == 0
    assert f"step {run.order.steps:,} of {run.order.steps:,}" in answer.err
    assert CheckpointSeries.load(series).training is not None
