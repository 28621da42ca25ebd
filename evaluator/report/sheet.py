"""One paradigm in all runs of a report: what its line in a table and its figure are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.accuracy import AccuracyCurve
from evaluator.delay_report import FEW_PAIRS, ParadigmDelay
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.fall_backs import FallBack, fall_backs
from evaluator.report.standing import Standing, leading, smallest_p, standing_of, standing_since
from evaluator.scored import Integers
from evaluator.side_by_side import ParadigmAcrossRuns
from evaluator.since_exposure import SinceExposure


@dataclass(frozen=True)
class View:
    """One paradigm in one run."""

    run: str
    everything: AccuracyCurve
    standing: Standing
    threshold: float
    delay: ParadigmDelay | None = None
    exposed: Integers | None = None  # [checkpoint] proxy-train pairs that it had seen
    inexact: int = 0
    since: SinceExposure | None = None

    @property
    def leads(self) -> bool:
        """Whether proxy-train leads by any measure, in enough pairs."""
        return self.standing.is_eligible and self.delay is not None and bool(leading(self.delay, self.threshold))

    @property
    def fall_backs(self) -> tuple[FallBack, ...]:
        """Of either part, from the threshold."""
        return fall_backs(self.delay, self.threshold)

    @property
    def flags(self) -> tuple[str, ...]:
        """Of the rule and of the analysis."""
        return () if self.delay is None else self.delay.flags


@dataclass(frozen=True)
class Sheet:
    """One paradigm; a view for each run that evaluated it."""

    uid: str
    phenomenon: str
    field: str
    anchor: str
    views: tuple[View, ...]
    across: ParadigmAcrossRuns | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """Of any run; without few_pairs where the standing says it already."""
        held = dict.fromkeys(flag for view in self.views for flag in view.flags)
        return tuple(flag for flag in held if self.is_eligible or flag != FEW_PAIRS)

    @property
    def best(self) -> Standing:
        """The standing in the run that can say most."""
        return min((view.standing for view in self.views), key=lambda one: one.rank)

    @property
    def is_eligible(self) -> bool:
        """In any of the runs."""
        return self.best.is_eligible

    @property
    def leads(self) -> bool:
        """In any of the runs."""
        return any(view.leads for view in self.views)


def sheets_of(
    runs: Sequence[EvaluatedRun], threshold: float, few_pairs: int, across: Mapping[str, ParadigmAcrossRuns]
) -> tuple[Sheet, ...]:
    """Every paradigm of any run: what can be asked first, by its smallest p within lemmas, then by name."""
    found: dict[str, list[View]] = {}
    kinship: dict[str, tuple[str, str]] = {}
    for run in runs:
        for group in run.groups("paradigm"):
            found.setdefault(group.name, []).append(_view(run, group.name, group.pooled, threshold, few_pairs))
            kinship.setdefault(group.name, _kin(run, group.name))
    anchors = {uid: f"p{number}" for number, uid in enumerate(sorted(found), start=1)}
    sheets = [
        Sheet(uid, *kinship[uid], anchor=anchors[uid], views=tuple(views), across=across.get(uid))
        for uid, views in found.items()
    ]
    return tuple(sorted(sheets, key=_order))


def _order(sheet: Sheet) -> tuple[int, bool, float, str]:
    found = [smallest_p(view.delay, view.threshold) for view in sheet.views if view.delay is not None]
    return sheet.best.rank, not sheet.leads, min(found, default=2.0), sheet.uid


def _view(run: EvaluatedRun, uid: str, curve: AccuracyCurve, threshold: float, few_pairs: int) -> View:
    delay = run.delay_of(uid)
    exposed = run.exposed
    if exposed is None:
        return View(run.name, curve, standing_of(None, few_pairs), threshold)
    if delay is None:
        since = exposed.since.get(uid)
        return View(run.name, curve, standing_since(since, few_pairs), threshold, since=since)
    return View(
        run=run.name,
        everything=curve,
        standing=standing_of(delay, few_pairs),
        threshold=threshold,
        delay=delay,
        exposed=exposed.by_checkpoint[uid],
        inexact=exposed.inexact[uid],
    )


def _kin(run: EvaluatedRun, uid: str) -> tuple[str, str]:
    """Phenomenon and field of a paradigm, "" where the pairs name none."""

    def above(level: str) -> str:
        return next((one.name for one in run.accuracy.groups if one.level == level and uid in one.paradigms), "")

    return above("phenomenon"), above("field")
