"""accuracy.csv and accuracy.parquet: every point of every curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.accuracy import AccuracyCurve, GroupAccuracy
from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.plain import finite
from evaluator.report.sheet import View


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """The accuracy of one group of pairs at one checkpoint.

    `average` is over pairs, or over paradigms (then there is no Wilson interval). `exposed` counts the proxy-train
    pairs that the checkpoint had seen. Nothing that is not finite: where there is no pair, no accuracy.
    """

    evaluation: str
    level: str
    group: str
    split: str
    average: str
    step: int
    pairs: int
    accuracy: float | None
    wilson_low: float | None
    wilson_high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    ties: int | None
    mean_delta: float | None
    exposed: int | None
    convention: str


def accuracy_rows(report: Report) -> list[AccuracyRow]:
    """Run by run: groups as the analysis orders them, then the parts of each paradigm."""
    return [row for run in report.runs for row in _of_run(report, run)]


def _of_run(report: Report, run: EvaluatedRun) -> Iterator[AccuracyRow]:
    for group in run.accuracy.groups:
        names = (run.name, group.level, group.name)
        yield from _points(names, "everything", group.pooled, run.convention.name)
        if group.level != "paradigm":
            yield from _macro(names, group, run.convention.name)
    for sheet in sorted(report.sheets, key=lambda one: one.uid):
        for view in sheet.views:
            if view.run == run.name:
                yield from _parts(sheet.uid, view, run.convention.name)


def _parts(uid: str, view: View, convention: str) -> Iterator[AccuracyRow]:
    names = (view.run, "paradigm", uid)
    if view.delay is not None:
        exposed = None if view.exposed is None else view.exposed.tolist()
        yield from _points(names, "proxy-train", view.delay.train, convention, exposed)
        yield from _points(names, "proxy-validation", view.delay.validation, convention)


def _points(
    names: tuple[str, str, str],
    split: str,
    curve: AccuracyCurve,
    convention: str,
    exposed: list[int] | None = None,
) -> Iterator[AccuracyRow]:
    evaluation, level, group = names
    for at, step in enumerate(curve.steps.tolist()):
        pairs = int(curve.pairs[at])
        yield AccuracyRow(
            evaluation=evaluation,
            level=level,
            group=group,
            split=split,
            average="pairs",
            step=step,
            pairs=pairs,
            accuracy=finite(curve.accuracy[at]),
            wilson_low=finite(curve.wilson_low[at]),
            wilson_high=finite(curve.wilson_high[at]),
            bootstrap_low=finite(curve.bootstrap_low[at]),
            bootstrap_high=finite(curve.bootstrap_high[at]),
            ties=int(curve.ties[at]) if pairs else None,
            mean_delta=finite(curve.mean_delta[at]),
            exposed=None if exposed is None else exposed[at],
            convention=convention,
        )


def _macro(names: tuple[str, str, str], group: GroupAccuracy, convention: str) -> Iterator[AccuracyRow]:
    evaluation, level, name = names
    for at, step in enumerate(group.pooled.steps.tolist()):
        yield AccuracyRow(
            evaluation=evaluation,
            level=level,
            group=name,
            split="everything",
            average="paradigms",
            step=step,
            pairs=int(group.pooled.pairs[at]),
            accuracy=finite(group.macro[at]),
            wilson_low=None,
            wilson_high=None,
            bootstrap_low=finite(group.macro_low[at]),
            bootstrap_high=finite(group.macro_high[at]),
            ties=None,
            mean_delta=None,
            exposed=None,
            convention=convention,
        )
