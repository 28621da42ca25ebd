"""One evaluation as a report sees it: everything that is shown of it, computed once, from stored files alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.accuracy import AccuracyCurve, AccuracyReport, GroupAccuracy, Level, analyse_accuracy
from evaluator.attention_changes import attention_changes
from evaluator.checkpoint_record import CheckpointRecord
from evaluator.conventions import Convention
from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayReport, ParadigmDelay
from evaluator.exposures import ExposureSource, StoredExposures
from evaluator.folder import EvaluationFolder
from evaluator.manifest import EvaluationManifest
from evaluator.report.convention_choice import choose_convention
from evaluator.report.exposed_pairs import (
    FirstExposures,
    exposed_by,
    first_exposures,
)
from evaluator.report.inside.found import Inside, inside_of
from evaluator.report.inside.measured_table import NOTHING, measured_table
from evaluator.report.inside.spans import span_of, t_after_of
from evaluator.report.request import ReportRequest
from evaluator.report.split_rows import SplitRow, split_rows
from evaluator.scored import Integers, PairTable, ScoredSeries
from evaluator.since_exposure import SinceExposure, accuracy_since_exposure
from evaluator.split import Split
from evaluator.stored_split import stored_split
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class Exposed:
    """What a timeline adds to scores, under one fixed split."""

    source: ExposureSource
    splits: tuple[SplitRow, ...]
    by_checkpoint: Mapping[str, Integers]
    """Paradigm → [checkpoint] proxy-train pairs that it had seen."""
    inexact: Mapping[str, int]
    """Paradigm → proxy-train pairs whose first exposure is an upper bound."""
    since: Mapping[str, SinceExposure]
    """Paradigm → accuracy by time since first exposure; under the policy seen-by only."""


def is_change(measure: str) -> bool:
    """Whether rows of that name are made with a report."""
    return measure.startswith(("attention-change-", "attention-head-"))


@dataclass(frozen=True)
class EvaluatedRun:
    """One evaluation. `delay` is there under the policy window, `exposed` wherever a timeline was given."""

    name: str
    manifest: EvaluationManifest
    checkpoints: tuple[CheckpointRecord, ...]
    convention: Convention
    steps: Integers  # [checkpoint] the scored ones
    accuracy: AccuracyReport
    unscored: tuple[str, ...]
    """Paradigms that the scoring method does not apply to: they have no curve."""
    exposed: Exposed | None = None
    delay: DelayReport | None = None
    measured: pa.Table = field(default_factory=lambda: NOTHING)
    """Rows of all measures beside minimal pairs (measurement_table.SCHEMA); none where nothing was measured."""

    @cached_property
    def inside(self) -> Inside:
        """What these rows say."""
        return inside_of(self.measured, self.delay)

    @property
    def changes(self) -> pa.Table:
        """Of `measured`, what a report makes: it depends on when accuracy rose (attention_changes.py)."""
        names = [name for name in pc.unique(self.measured["measure"]).to_pylist() if is_change(name)]
        return self.measured.filter(pc.is_in(self.measured["measure"], pa.array(names, pa.string())))

    def group(self, level: Level, name: str) -> GroupAccuracy | None:
        """The accuracies of one paradigm, phenomenon or field; None where this run has none of that name."""
        return next((one for one in self.accuracy.groups if (one.level, one.name) == (level, name)), None)

    def groups(self, level: Level) -> list[GroupAccuracy]:
        """All groups of one level."""
        return [one for one in self.accuracy.groups if one.level == level]

    @property
    def overall(self) -> GroupAccuracy:
        """All paradigms."""
        return self.groups("overall")[0]

    def everything(self, uid: str) -> AccuracyCurve | None:
        """The curve of all scored pairs of a paradigm."""
        group = self.group("paradigm", uid)
        return None if group is None else group.pooled

    def delay_of(self, uid: str) -> ParadigmDelay | None:
        """What was found about a paradigm's delay; None without exposures."""
        held = () if self.delay is None else self.delay.paradigms
        return next((one for one in held if one.uid == uid), None)

    @property
    def beyond_timeline(self) -> bool:
        """Whether checkpoints lie beyond the run whose data were indexed: there, what was not found is unknown."""
        return self.exposed is not None and int(self.steps[-1]) > self.exposed.source.steps


def analyse_run(folder: EvaluationFolder, name: str, request: ReportRequest) -> EvaluatedRun:
    """All that a report shows of one evaluation; raises EvaluationError where the request does not fit it."""
    convention = choose_convention(folder.manifest, request.convention, request.tie, request.norm)
    series = _chosen(folder.series(convention), request.uids, name)
    accuracy = analyse_accuracy(series, request.accuracy)
    checkpoints = tuple(folder.checkpoints)
    run = EvaluatedRun(
        name,
        folder.manifest,
        checkpoints,
        convention,
        series.steps,
        accuracy,
        _unscored(series),
        measured=measured_table(folder, request.uids),
    )
    stored = folder.exposures
    if stored is not None:
        run = _with_exposures(run, series, _of_pairs(stored, series.pairs), request)
    return replace(run, measured=pa.concat_tables([run.measured, _changes(folder, run, request)]))


def _changes(folder: EvaluationFolder, run: EvaluatedRun, request: ReportRequest) -> pa.Table:
    """What attention gained, between checkpoints that depend on when accuracy rose."""

    def steps(measured: Sequence[int], uid: str) -> tuple[int, int]:
        span = span_of(measured, t_after_of(run.delay, uid))
        return span.before, span.after

    return attention_changes(folder, steps, request.uids)


def _with_exposures(
    run: EvaluatedRun, series: ScoredSeries, exposures: StoredExposures, request: ReportRequest
) -> EvaluatedRun:
    split = stored_split(exposures, series.pairs, request.window)
    delay = analyse_delay(series, split, request.delay) if request.policy == "window" else None
    return replace(run, exposed=_exposed(run.name, exposures, series, split, request), delay=delay)


def _unscored(series: ScoredSeries) -> tuple[str, ...]:
    is_scored = series.is_scored
    return tuple(uid for uid, places in series.pairs.places_of.items() if not is_scored[places].any())


def _chosen(series: ScoredSeries, uids: Sequence[str], name: str) -> ScoredSeries:
    for uid in uids:
        if uid not in series.pairs.uid:
            present = ", ".join(sorted(set(series.pairs.uid))[:8])
            raise EvaluationError(f"--uid {uid}: the evaluation {name} has no such paradigm. It has: {present} …")
    if not uids:
        return series
    return series.take(np.flatnonzero([uid in uids for uid in series.pairs.uid]))


def _of_pairs(exposures: StoredExposures, pairs: PairTable) -> StoredExposures:
    """The exposures of the paradigms that are reported."""
    uids = set(pairs.uid)
    held = [(one, facts) for one, facts in zip(exposures.critical, exposures.facts, strict=True) if one.uid in uids]
    return StoredExposures(exposures.source, tuple(one for one, _ in held), tuple(facts for _, facts in held))


def _exposed(
    name: str, exposures: StoredExposures, series: ScoredSeries, split: Split, request: ReportRequest
) -> Exposed:
    first = first_exposures(exposures, series.pairs, request.sides)
    places = series.pairs.places_of
    return Exposed(
        source=exposures.source,
        splits=_splits(name, exposures, series, split, request),
        by_checkpoint={uid: exposed_by(first, split, mine, series.steps) for uid, mine in places.items()},
        inexact={uid: _inexact(first, split, mine) for uid, mine in places.items()},
        since=_since(series, first, split, request) if request.policy == "seen-by" else {},
    )


def _since(
    series: ScoredSeries, first: FirstExposures, split: Split, request: ReportRequest
) -> dict[str, SinceExposure]:
    """Pairs without a phrase, or whose exposure means nothing, are in no cohort."""
    places = np.flatnonzero([part not in ("no_phrase", "refused") for part in split.parts])
    found = accuracy_since_exposure(series.take(places), first.step[places], first.is_exact[places], request.since)
    return {one.uid: one for one in found}


def _inexact(first: FirstExposures, split: Split, places: Integers) -> int:
    return int((split.is_train & ~first.is_exact)[places].sum())


def _splits(
    name: str, exposures: StoredExposures, series: ScoredSeries, split: Split, request: ReportRequest
) -> tuple[SplitRow, ...]:
    """Counts of the window's split; under seen-by of the checkpoint asked for."""
    asked = request.window
    if request.policy == "seen-by":
        asked = request.seen_by(int(series.steps[-1]))
        split = stored_split(exposures, series.pairs, asked)
    return split_rows(name, series.pairs, split, asked, exposures.exactness)
