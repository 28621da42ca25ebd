"""`exposure report`: what evaluations found, as a summary, as tables, and as a page."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, counted, note_beyond
from exposure.errors import UsageError
from exposure.tables import emit

if TYPE_CHECKING:
    from evaluator.conventions import Norm, Tie
    from evaluator.delay_report import DelayRequest
    from evaluator.report.build import Report
    from exposure.splits import Policy, Sides

FUNNEL_THRESHOLD = 0.80
"""Always measured: EXP's selection funnel needs it."""


@click.command("report")
@click.argument("evaluations", type=EXISTING, nargs=-1, required=True, metavar="EVALUATION [EVALUATION …]")
@click.option("--policy", type=click.Choice(["window", "seen-by"]), default="window", show_default=True)
@click.option("--at-step", type=click.IntRange(min=0), metavar="N", help="window: its end (default: the whole run).")
@click.option(
    "--bin-steps",
    type=click.IntRange(min=1),
    metavar="N",
    help="seen-by: steps of a bin of time since first exposure (default: of the gaps between checkpoints the one that "
    "lets most pairs in).",
)
@click.option("--sides", type=click.Choice(["either", "good", "bad", "both"]), default="either", show_default=True)
@click.option("--include-flagged", is_flag=True, help="Split also where the flags say that these sides mean nothing.")
@click.option(
    "--threshold",
    "thresholds",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    multiple=True,
    metavar="τ",
    help="Measure lags here, above 0 and below 1; the first is the one that is named [default: .80, and .60 to .95 "
    "by .05].",
)
@click.option("--permutations", type=click.IntRange(min=1), default=1000, show_default=True, metavar="N")
@click.option("--bootstrap", type=click.IntRange(min=1), default=1000, show_default=True, metavar="N")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--uid", "uids", multiple=True, help="Only these paradigms.")
@click.option("--convention", metavar="NAME", help="One that was evaluated, or a preset that its scores can answer.")
@click.option("--tie", type=click.Choice(["wrong", "half", "right"]), help="What equal scores count as.")
@click.option("--norm", type=click.Choice(["sum", "per-token", "per-byte"]), help="What a side's score is.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the files [default: EVALUATION/report].")
@click.option("--format", "format_", type=click.Choice(["table", "jsonl", "csv"]), default="table", show_default=True)
def command(
    evaluations: tuple[Path, ...],
    policy: Policy,
    at_step: int | None,
    bin_steps: int | None,
    sides: Sides,
    include_flagged: bool,
    thresholds: tuple[float, ...],
    permutations: int,
    bootstrap: int,
    seed: int,
    uids: tuple[str, ...],
    convention: str | None,
    tie: Tie | None,
    norm: Norm | None,
    out: Path | None,
    format_: str,
) -> None:
    """Report on evaluations from what they stored: curves, lags with their nulls, the selection funnel.

    Prints a summary, and writes report.html (one page, no network needed) with accuracy, lags, paradigms, splits,
    checkpoints and funnel as CSV and Parquet; into EVALUATION/report together with EVALUATION/measurements.parquet,
    from which the service answers. What else was measured (attention, concept vectors, copying, in-context learning,
    induction) is drawn too. Needs no model and no timeline. Several evaluations are put side by side, their accuracies
    and their measures: seeds, sizes, runs.
    """
    from evaluator.report.build import build_report
    from evaluator.report.request import ReportRequest

    folder = _folder(evaluations, out)
    request = ReportRequest(
        policy=policy,
        at_step=at_step,
        sides=sides,
        include_flagged=include_flagged,
        convention=convention,
        tie=tie,
        norm=norm,
        uids=uids,
        bin_steps=bin_steps,
    )
    request = replace(request, delay=_delay(request.delay, thresholds, permutations, bootstrap, seed))
    report = build_report(evaluations, request)
    for steps in sorted({run.exposed.source.steps for run in report.runs if run.exposed is not None}):
        note_beyond(at_step, steps)
    written = _write(evaluations, folder, report)
    _print(report, format_)
    for place, names in written.items():
        click.echo(f"{counted(len(names), 'file')} in {place}: {', '.join(names)}", err=format_ != "table")


def _write(evaluations: tuple[Path, ...], folder: Path, report: Report) -> dict[Path, list[str]]:
    """The names of what was written, by folder. A report in its evaluation comes with what the service answers from."""
    from evaluator.folder import EvaluationFolder
    from evaluator.measurements import REPORT, keep_measurements
    from evaluator.report.files import make_folder, write_report

    is_its_own = len(evaluations) == 1 and folder.resolve() == (evaluations[0] / REPORT).resolve()
    if is_its_own:
        make_folder(folder)  # or refused, before anything is written
    # The measurements first: where a report stands without them, they are gone.
    kept = {evaluations[0]: keep_measurements(EvaluationFolder.open(evaluations[0]), report)} if is_its_own else {}
    return {**kept, folder: write_report(report, folder)}


def _folder(evaluations: tuple[Path, ...], out: Path | None) -> Path:
    """Where the files go; raises UsageError where that is not said, or is the evaluation itself."""
    if out is None:
        if len(evaluations) > 1:
            raise UsageError("A report on several evaluations needs a folder of its own: give --out FOLDER.")
        return evaluations[0] / "report"
    for one in evaluations:
        if out.resolve() == one.resolve() or out.resolve().is_relative_to((one / "scores").resolve()):
            raise UsageError(f"--out {out} is the evaluation itself. Give another folder, such as {one / 'report'}.")
    return out


def _delay(
    request: DelayRequest, thresholds: tuple[float, ...], permutations: int, resamples: int, seed: int
) -> DelayRequest:
    """How delay is measured, as the options say."""
    asked = replace(request, permutations=permutations, resamples=resamples, seed=seed)
    if not thresholds:
        return asked
    return replace(asked, threshold=thresholds[0], thresholds=tuple(sorted({*thresholds, FUNNEL_THRESHOLD})))


def _print(report: Report, format_: str) -> None:
    from evaluator.report.terminal import SummaryRow, summary, summary_rows

    if format_ == "table":
        click.echo(summary(report), nl=False)
    else:
        emit([asdict(row) for row in summary_rows(report)], list(SummaryRow.__slots__), format_)
