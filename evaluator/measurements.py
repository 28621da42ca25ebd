"""What an evaluation measured, as one long table: written when a report is, and step by step while scoring.

| measure | value | low … high |
|---|---|---|
| `accuracy` | share of pairs that are right | lemma bootstrap |
| `accuracy-wilson` | the same | Wilson's interval, which takes pairs as independent |
| `macro-accuracy` | mean of the paradigms' accuracies; `n` counts paradigms | lemma bootstrap |
| `mean-delta` | mean of good − bad, nats, normed as the convention says | |
| `ties` | pairs with equal scores | |

Two measures for one accuracy, since an interval's ends mean one thing in a column; and so what is streamed while a
checkpoint has just been scored (no bootstrap: it resamples all checkpoints at once) is what is found in the file later.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluator.counted import ALL, counted, phenomenon_at
from evaluator.folder import EvaluationFolder
from evaluator.measured_rows import stored_measures
from evaluator.measurement_file import MEASUREMENTS, merge_measures
from evaluator.report.accuracy_rows import accuracy_rows
from evaluator.report.build import Report, build_report
from evaluator.report.evaluated_run import is_change
from evaluator.report.files import write_report
from evaluator.report.provenance import provenance
from evaluator.report.request import ReportRequest
from evaluator.split import Split
from evaluator.split_file import keep_split
from evaluator.split_witness import SPLIT
from exposure.measurement import Measurement

REPORT = "report"
"""The folder of the report, in that of its evaluation."""


def write_measurements(folder: EvaluationFolder, request: ReportRequest) -> list[str]:
    """Report on an evaluation: measurements.parquet, split.parquet and `report/`, each file whole or not at all.

    Returns their names relative to the folder. The same evaluation and request give the same bytes. Takes a quarter of
    a minute for all of BLiMP at 40 checkpoints. Raises EvaluationError where nothing is scored, or the request does not
    fit.
    """
    report = build_report([folder.path], request)
    # The measurements first: where a report stands without them, they are gone.
    kept = keep_measurements(folder, report)
    return [*(f"{REPORT}/{name}" for name in write_report(report, folder.path / REPORT)), *kept]


def keep_measurements(folder: EvaluationFolder, report: Report) -> list[str]:
    """Write measurements.parquet and split.parquet of a report on that one evaluation; returns their names."""
    split = keep_split(folder, report.request.window)
    merge_measures(folder.path / MEASUREMENTS, _measured(folder, report, split), provenance(report))
    for rows, made_of in stored_measures(folder):
        merge_measures(folder.path / MEASUREMENTS, rows, made_of)
    merge_measures(folder.path / MEASUREMENTS, report.runs[0].changes, provenance(report), is_change)
    return [*([SPLIT] if split is not None else []), MEASUREMENTS]


def _measured(folder: EvaluationFolder, report: Report, split: Split | None) -> Iterator[Measurement]:
    (run,) = report.runs
    yield from _of_report(report)
    fixed = split if report.request.policy == "window" else None
    for convention in dict.fromkeys([run.convention, *folder.manifest.conventions]):
        series = folder.series(convention)
        places = np.flatnonzero([not report.request.uids or uid in report.request.uids for uid in series.pairs.uid])
        part = None if fixed is None else fixed.take(places)
        yield from counted(series.take(places), part, level=report.request.accuracy.level)


def _of_report(report: Report) -> Iterator[Measurement]:
    """The accuracies with the intervals that only the report's resamples give."""
    (run,) = report.runs
    paradigms: dict[tuple[str, str], int] = {
        (group.level, group.name): len(group.paradigms) for group in run.accuracy.groups
    }
    phenomena = {sheet.uid: sheet.phenomenon for sheet in report.sheets}
    for row in accuracy_rows(report):
        is_macro = row.average == "paradigms"
        group = ALL if row.level == "overall" else row.group
        yield Measurement(
            measure="macro-accuracy" if is_macro else "accuracy",
            step=row.step,
            level=row.level,
            group=group,
            phenomenon=phenomenon_at(row.level, row.group, phenomena.get(row.group)),
            split=row.split,
            layer=None,
            head=None,
            value=row.accuracy,
            n=paradigms[(row.level, row.group)] if is_macro else row.pairs,
            low=row.bootstrap_low,
            high=row.bootstrap_high,
            convention=row.convention,
        )


def step_measurements(folder: EvaluationFolder, step: int, request: ReportRequest | None = None) -> list[Measurement]:
    """What is known of one scored checkpoint at once: `accuracy-wilson` over all pairs, and over each part of a split.

    The rows are those that measurements.parquet will have of it. The split is that of `request`; without one, that of
    the evaluation as it was last asked for (split.parquet), else of the whole run. The first call keeps it in
    split.parquet. Raises EvaluationError where checkpoints.json has no scores of that step.
    """
    series = folder.series(steps=[step])
    split = keep_split(folder, None if request is None else request.window)
    return [row for row in counted(series, split, ("overall",)) if row.measure == "accuracy-wilson"]
