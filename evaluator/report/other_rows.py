"""splits.csv, checkpoints.csv and funnel.csv."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.report.build import Report
from evaluator.report.plain import finite
from evaluator.report.split_rows import SplitRow


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """What became of one checkpoint."""

    evaluation: str
    step: int
    status: str
    weights_sha256: str | None
    same_weights_as: tuple[int, ...]
    source: str
    reason: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunnelLine:
    """How far one paradigm came in EXP's selection; lists are by run, in the order of `evaluations`."""

    uid: str
    stage: str
    eligible: bool
    early_mean: float | None
    peak: float | None
    proxy_train: int
    significant_runs: int
    evaluations: tuple[str, ...]
    validation_peaks: tuple[float | None, ...]
    lags: tuple[float | None, ...]
    p: tuple[float | None, ...]


def checkpoint_rows(report: Report) -> list[CheckpointRow]:
    """By evaluation and step."""
    return [
        CheckpointRow(
            evaluation=run.name,
            step=one.step,
            status=one.status,
            weights_sha256=one.weights_sha256,
            same_weights_as=one.same_weights_as,
            source=one.source,
            reason=one.reason,
            notes=one.notes,
        )
        for run in report.runs
        for one in run.checkpoints
    ]


def split_table(report: Report) -> list[SplitRow]:
    """By evaluation and paradigm."""
    return [row for run in report.runs if run.exposed is not None for row in run.exposed.splits]


def funnel_lines(report: Report) -> list[FunnelLine]:
    """As the funnel orders them."""
    return [
        FunnelLine(
            uid=one.uid,
            stage=one.stage,
            eligible=one.is_eligible,
            early_mean=finite(one.early_mean),
            peak=finite(one.peak),
            proxy_train=one.proxy_train,
            significant_runs=one.significant_runs,
            evaluations=tuple(report.delays),
            validation_peaks=tuple(map(finite, one.validation_peaks)),
            lags=one.lags,
            p=one.p,
        )
        for one in report.funnel
    ]
