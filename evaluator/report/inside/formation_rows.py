"""formation: when every head first reached each θ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.measures.onset.formation import Formation
from evaluator.report.build import Report
from evaluator.report.inside.induction_found import InductionFound
from evaluator.report.plain import finite


@dataclass(frozen=True, slots=True)
class FormationRow:
    """One head at one θ: it formed in (`after`, `step`], training steps.

    `step` is null for a head that never reaches θ (right-censored at `after`, the last checkpoint); `after` is null
    where the first checkpoint is there already. `score`: of induction heads induction (I) or, where weights are not
    known, induction-attention (Ā), from layer 1 on; previous-token of all layers.
    """

    evaluation: str
    score: str
    theta: float
    layer: int
    head: int
    step: int | None
    after: int | None
    last_value: float
    convention: str


def formation_rows(report: Report) -> list[FormationRow]:
    """By evaluation, score, θ, layer and head."""
    return [row for run in report.runs if run.inside.induction for row in _of_run(run.name, run.inside.induction)]


def _of_run(name: str, found: InductionFound) -> Iterator[FormationRow]:
    for score, sweep in ((found.by, found.sweep), ("previous-token", found.previous)):
        for formation in sweep:
            yield from _of_theta(name, score, formation, found)


def _of_theta(name: str, score: str, formation: Formation, found: InductionFound) -> Iterator[FormationRow]:
    held = found.scores[score]
    for at, layer in enumerate(formation.layers.tolist()):
        for head, (step, after) in enumerate(
            zip(formation.steps[at].tolist(), formation.after[at].tolist(), strict=True)
        ):
            value = float(held.values[-1][layer, head])
            yield FormationRow(
                name, score, formation.theta, layer, head, _whole(step), _whole(after), value, held.convention
            )


def _whole(step: float) -> int | None:
    return None if finite(step) is None else int(step)
