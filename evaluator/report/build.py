"""From evaluation folders to a report: the whole flow on one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.comparison import Comparison, compare_runs
from evaluator.delay_report import DelayReport
from evaluator.folder import EvaluationFolder
from evaluator.funnel import FunnelRow, funnel
from evaluator.report.evaluated_run import EvaluatedRun, analyse_run
from evaluator.report.repeated import refuse_repeated
from evaluator.report.request import ReportRequest
from evaluator.report.sheet import Sheet, sheets_of
from evaluator.side_by_side import ParadigmAcrossRuns, side_by_side
from exposure.errors import EvaluationError
from exposure.training_facts import TrainingFacts


@dataclass(frozen=True)
class Report:
    """One or several evaluations, analysed: everything that is shown and written."""

    request: ReportRequest
    runs: tuple[EvaluatedRun, ...]
    sheets: tuple[Sheet, ...]
    funnel: tuple[FunnelRow, ...] = ()
    funnel_note: str | None = None
    """Why there is no funnel, or how it differs from EXP's."""
    compared: Comparison | None = None
    """What was measured of several runs, side by side; None where that is not of two at least."""

    @property
    def delays(self) -> dict[str, DelayReport]:
        """Of the runs that have one."""
        return delays_of(self.runs)

    @property
    def eligible(self) -> list[Sheet]:
        """The paradigms that can be asked about delay, in any run."""
        return [sheet for sheet in self.sheets if sheet.is_eligible]

    @property
    def has_exposures(self) -> bool:
        """Whether a timeline was given for any run."""
        return any(run.exposed is not None for run in self.runs)

    @property
    def threshold(self) -> float:
        """The τ that is named where there is room for one."""
        return self.request.delay.threshold


def build_report(paths: Sequence[Path], request: ReportRequest) -> Report:
    """Analyse the evaluations in `paths`; raises EvaluationError where one cannot be read or fit, or is given twice."""
    folders = [EvaluationFolder.open(path) for path in paths]
    refuse_repeated(folders)
    runs = tuple(
        analyse_run(folder, name, request)
        for folder, name in zip(folders, names_of(folders), strict=True)
    )  # fmt: skip
    delays = delays_of(runs)
    across = _across(delays, request)
    sheets = sheets_of(runs, request.delay.threshold, request.delay.few_pairs, across)
    rows, note = _funnel(delays, request)
    return Report(request, runs, sheets, rows, note, compare_runs([_compared(run) for run in runs]))


def _compared(run: EvaluatedRun) -> ComparedRun:
    manifest = run.manifest
    training = manifest.training or TrainingFacts()
    return ComparedRun(run.name, run.measured, training, manifest.tokenizer_sha256, manifest.dtype)


def names_of(folders: Sequence[EvaluationFolder]) -> list[str]:
    """What each evaluation is called: its own name; where two share one its folder, and where that fails a number."""
    own = [folder.manifest.name for folder in folders]
    if len(set(own)) < len(own):
        parents = [folder.path.resolve() for folder in folders]
        own = [f"{path.parent.name}/{path.name}" for path in parents]
    twice = {name for name, times in Counter(own).items() if times > 1}
    return [f"{name} ({place})" if name in twice else name for place, name in enumerate(own, start=1)]


def delays_of(runs: Sequence[EvaluatedRun]) -> dict[str, DelayReport]:
    """The delay reports of the runs that have one, by name."""
    return {run.name: run.delay for run in runs if run.delay is not None}


def _across(delays: Mapping[str, DelayReport], request: ReportRequest) -> dict[str, ParadigmAcrossRuns]:
    if len(delays) < 2:
        return {}
    return {one.uid: one for one in side_by_side(delays, request.delay.threshold)}


def _funnel(delays: Mapping[str, DelayReport], request: ReportRequest) -> tuple[tuple[FunnelRow, ...], str | None]:
    """EXP's funnel over all runs as its seeds; with fewer runs than it asks for, significance in all of them."""
    if not delays:
        return (), None
    asked = request.funnel
    runs = min(asked.runs, len(delays))
    note = None
    if runs < asked.runs:
        note = f"EXP asks for p < {asked.p:g} in {asked.runs} seeds; here there is one run, so it is asked for in one."
    try:
        return funnel(delays, replace(asked, runs=runs)), note
    except EvaluationError as error:  # runs that are no seeds of one model: other paradigms, or no common checkpoint
        return (), f"No funnel over these runs together: {error}"
