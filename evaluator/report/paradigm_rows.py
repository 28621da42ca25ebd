"""paradigms.csv and paradigms.parquet: one line a paradigm and evaluation, with all that is no lag."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.accuracy import AccuracyCurve
from evaluator.delay_report import PlateauDifference
from evaluator.report.build import Report
from evaluator.report.plain import finite
from evaluator.report.sheet import Sheet, View


@dataclass(frozen=True, slots=True)
class ParadigmRow:
    """Counts, first and last accuracies, plateau difference and clusters of one paradigm.

    `standing` says whether it can be asked about delay, `reason` why not; `leads` whether proxy-train does. Effective
    numbers are of clusters: those of the critical lemma contrast, and those with pairs in both parts.
    """

    evaluation: str
    uid: str
    phenomenon: str
    field: str
    standing: str
    reason: str | None
    leads: bool
    pairs: int
    proxy_train: int | None
    proxy_validation: int | None
    unscored: int | None
    inexact_first_exposures: int
    first_accuracy: float | None
    last_accuracy: float | None
    last_train: float | None
    last_validation: float | None
    plateau_difference: float | None
    plateau_low: float | None
    plateau_high: float | None
    plateau_checkpoints: int | None
    clusters: int | None
    effective_clusters: float | None
    mixed_clusters: int | None
    movable_pairs: int | None
    effective_mixed: float | None
    flags: tuple[str, ...]
    convention: str


def paradigm_rows(report: Report) -> list[ParadigmRow]:
    """By evaluation, paradigms as the report sorts them: what can be asked first."""
    return [
        _row(sheet, view, run.convention.name)
        for run in report.runs
        for sheet in report.sheets
        for view in sheet.views
        if view.run == run.name
    ]


def _row(sheet: Sheet, view: View, convention: str) -> ParadigmRow:
    delay = view.delay
    clusters = None if delay is None else delay.clusters
    plateau = None if delay is None else delay.plateau
    low, high = _plateau_ends(plateau)
    return ParadigmRow(
        evaluation=view.run,
        uid=sheet.uid,
        phenomenon=sheet.phenomenon,
        field=sheet.field,
        standing=view.standing.kind,
        reason=view.standing.reason or None,
        leads=view.leads,
        pairs=int(view.everything.pairs[0]),
        proxy_train=None if delay is None else delay.counts["proxy-train"],
        proxy_validation=None if delay is None else delay.counts["proxy-validation"],
        unscored=None if delay is None else delay.unscored,
        inexact_first_exposures=view.inexact,
        first_accuracy=finite(view.everything.accuracy[0]),
        last_accuracy=last(view.everything),
        last_train=None if delay is None else last(delay.train),
        last_validation=None if delay is None else last(delay.validation),
        plateau_difference=None if plateau is None else finite(plateau.difference),
        plateau_low=low,
        plateau_high=high,
        plateau_checkpoints=None if plateau is None else plateau.checkpoints,
        clusters=None if clusters is None else clusters.critical,
        effective_clusters=None if clusters is None else finite(clusters.effective),
        mixed_clusters=None if clusters is None else clusters.mixed,
        movable_pairs=None if clusters is None else clusters.movable,
        effective_mixed=None if clusters is None else finite(clusters.effective_mixed),
        flags=view.flags,
        convention=convention,
    )


def last(curve: AccuracyCurve) -> float | None:
    """The accuracy of the last checkpoint; None where nothing is in the group."""
    return finite(curve.accuracy[-1])


def _plateau_ends(plateau: PlateauDifference | None) -> tuple[float | None, float | None]:
    if plateau is None or plateau.interval is None:
        return None, None
    return finite(plateau.interval.low), finite(plateau.interval.high)
