"""Runs with planted onsets: what was measured of a model that began to copy, and formed heads, at a known update."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from evaluator.compared.compared_run import ComparedRun
from evaluator.folder import EvaluationFolder
from evaluator.intervals import wilson
from evaluator.measured_file import Measured, measured_path, write_measured
from evaluator.measurement_table import table_of
from exposure.measurement import Measurement
from exposure.sealed import sealed
from exposure.training_facts import TrainingFacts

STEPS = tuple(range(0, 2001, 100))
COPY, HEADS = "copy test: planted", "Ā: planted"
QUERIES = 5000
FACTS = TrainingFacts(
    batch_sequences=32,
    sequence_length=256,
    learning_rate=1e-3,
    warmup_steps=100,
    weight_decay=0.0,
    attention_dropout=0.0,
    init_seed=0,
    parameters=10_000_000,
)


@dataclass(frozen=True)
class Planted:
    """Copying rises from 0 to `plateau` at update `onset` within a tenth of it, heads at half of it."""

    onset: float
    plateau: float = 0.9
    layers: int = 3
    heads: int = 2

    def copied(self, step: int) -> float:
        """The share of queries that are right."""
        return self.plateau / (1 + np.exp(-(step - self.onset) / (0.02 * abs(self.onset))))

    def score(self, step: int, layer: int, head: int) -> float:
        """Of a head: the first of layer 1 forms first, each layer a tenth later; layer 0 never."""
        at = self.onset / 2 * (1 + 0.1 * (layer - 1) + 0.02 * head)
        return 0.8 if layer and step >= at else 0.02


def planted_run(
    name: str,
    planted: Planted,
    steps: Sequence[int] = STEPS,
    tokenizer: str | None = "a" * 64,
    convention: str = COPY,
    **facts: float | int | None,
) -> ComparedRun:
    """A run with FACTS but for those given; `convention` is of its copying."""
    rows = [*_copying(planted, steps, convention), *_heads(planted, steps)]
    return ComparedRun(name, table_of(rows), FACTS.model_copy(update=facts), tokenizer)


def _copying(planted: Planted, steps: Sequence[int], convention: str) -> list[Measurement]:
    shares = [round(planted.copied(step) * QUERIES) / QUERIES for step in steps]
    low, high = wilson(np.array(shares) * QUERIES, np.full(len(shares), float(QUERIES)))
    held = zip(steps, shares, low.tolist(), high.tolist(), strict=True)
    overall = [
        _row(measure, step, share, QUERIES, convention, low=a, high=b)
        for step, share, a, b in held
        for measure in ("copying-tokens", "copying-hex")
    ]
    position = [
        Measurement(
            "copying-tokens", step, "position", "5", None, "everything", None, None, 0.99, 500, 0, 1, convention
        )
        for step in steps
    ]
    return [*overall, *position]


def _heads(planted: Planted, steps: Sequence[int]) -> list[Measurement]:
    return [
        _row("induction", step, planted.score(step, layer, head), 50, HEADS, layer, head)
        for step in steps
        for layer in range(planted.layers)
        for head in range(planted.heads)
    ]


def _row(
    measure: str,
    step: int,
    value: float,
    n: int,
    convention: str,
    layer: int | None = None,
    head: int | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Measurement:
    return Measurement(
        measure, step, "overall", "all", None, "everything", layer, head, value, n, low, high, convention
    )


def keep_run(folder: EvaluationFolder, run: ComparedRun) -> None:
    """Store what was measured of a run, and how it was trained, with the evaluation in `folder`."""
    told = folder.manifest.model_copy(update={"training": run.training, "tokenizer_sha256": run.tokenizer_sha256})
    (folder.path / "evaluation.json").write_text(json.dumps(sealed(told.model_dump(mode="json"))), encoding="utf-8")
    records = []
    for one in folder.checkpoints:
        assert one.weights_sha256 is not None
        of_step = run.measured.filter(pc.equal(run.measured["step"], one.step))
        made_of = {"measure": "planted", "weights_sha256": one.weights_sha256}
        write_measured(measured_path(folder.path, NAME, one.weights_sha256), Measured(of_step, (), made_of))
        records.append(one.model_copy(update={"measured": (NAME,)}))
    folder.keep_checkpoints(records)


NAME = "planted/spec"
