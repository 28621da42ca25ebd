"""runs.csv and runs.parquet: how each run was trained, and when it first reached θ by each quantity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluator.compared.comparable import Comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.comparison import Comparison
from evaluator.compared.first_steps import FirstStep
from evaluator.report.plain import finite


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run, quantity and θ. What is not known of its training is empty.

    The first checkpoint at or above θ is `first_step`, the one before it `after_step`: it happened in (after_step,
    first_step]. `censoring`: interval, left (no checkpoint before) or right (never, up to `after_step`). Of a run that
    could not be set beside the others by a quantity there is one row, and `left_out` says why.
    """

    evaluation: str
    measure: str
    threshold: float | None
    first_step: int | None
    after_step: int | None
    first_tokens: int | None
    after_tokens: int | None
    censoring: str | None
    un_crossings: int | None
    below_at_end: bool | None
    last_step: int | None
    last_value: float | None
    left_out: str | None
    batch_sequences: int | None
    sequence_length: int | None
    tokens_per_step: int | None
    learning_rate: float | None
    warmup_steps: int | None
    weight_decay: float | None
    attention_dropout: float | None
    parameters: int | None
    init_seed: int | None
    convention: str


def run_rows(comparison: Comparison) -> list[RunRow]:
    """By quantity, run and θ."""
    return [row for held in (*comparison.held, *comparison.alone) for row in _of(comparison, held)]


def _of(comparison: Comparison, held: Comparable) -> Iterator[RunRow]:
    reasons = dict(held.left_out)
    for run in comparison.runs:
        if run.name in reasons:
            yield _left_out(run, held, reasons[run.name])
        mine = [one for one in comparison.first_steps if one.run is run and one.curve.quantity == held.quantity]
        yield from (_reached(one) for one in mine)


NOTHING: dict[str, Any] = dict.fromkeys(
    ["threshold", "first_step", "after_step", "first_tokens", "after_tokens", "censoring", "un_crossings",
     "below_at_end", "last_step", "last_value"]
)  # fmt: skip
"""Of a run that is left out."""


def _left_out(run: ComparedRun, held: Comparable, reason: str) -> RunRow:
    known = {**NOTHING, **_training(run)}
    return RunRow(
        evaluation=run.name, measure=held.quantity.measure, left_out=reason, convention=held.convention, **known
    )


def _reached(one: FirstStep) -> RunRow:
    crossing = one.crossing
    return RunRow(
        evaluation=one.run.name,
        measure=one.curve.quantity.measure,
        threshold=one.theta,
        first_step=crossing.step,
        after_step=crossing.after,
        first_tokens=_tokens(one.run, crossing.step),
        after_tokens=_tokens(one.run, crossing.after),
        censoring=crossing.censoring,
        un_crossings=crossing.un_crossings,
        below_at_end=one.is_below_at_end,
        last_step=int(one.curve.steps[-1]),
        last_value=finite(one.curve.values[-1]),
        left_out=None,
        **_training(one.run),
        convention=one.curve.convention,
    )


def _tokens(run: ComparedRun, step: int | None) -> int | None:
    size = run.tokens_per_step
    return None if size is None or step is None else step * size


def _training(run: ComparedRun) -> dict[str, Any]:
    """The columns of TrainingFacts."""
    return {**run.training.model_dump(), "tokens_per_step": run.tokens_per_step}
