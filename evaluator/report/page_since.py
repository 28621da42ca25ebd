"""Under the policy seen-by: accuracy by time since first exposure, on cohorts that stay the same."""

from __future__ import annotations

from itertools import pairwise

from evaluator.report.build import Report
from evaluator.report.drawing.since_figure import since_figure
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, key, note, section, table
from evaluator.report.sheet import Sheet, View
from evaluator.report.wording import NONE, count_text, lag_text, share_text
from evaluator.since_exposure import SinceExposure

READ = (
    "Steps are counted from the first checkpoint that could have seen a pair. The cohort is the same in every bin: "
    "pairs whose first exposure is known exactly and that have a checkpoint in each. The sets that a checkpoint had "
    "seen grow, and a curve over them moves with their composition alone; that is why there is no lag here. Dashed: "
    "pairs that were never exposed, at the same training steps. Shaded: lemma bootstrap. Bins, unless --bin-steps says "
    "otherwise: as wide as the gap between checkpoints that lets most pairs in."
)


def since_section(report: Report) -> str:
    """A figure a paradigm and run, and the paradigms without a cohort."""
    if report.request.policy != "seen-by" or not report.has_exposures:
        return ""
    held = [(sheet, view) for sheet in report.sheets for view in sheet.views]
    drawn = [
        _card(report, sheet, view, view.since) for sheet, view in held if view.since is not None and view.since.pairs
    ]
    keys = tag("p", key("train", "cohort, exposed at 0"), key("validation", "never exposed"), class_="legend")
    empty = [(sheet, view) for sheet, view in held if view.since is None or not view.since.pairs]
    parts = [note(READ), keys, *drawn, *([_without(empty)] if empty else [])]
    return section("cohorts", "Accuracy by time since first exposure", *parts)


def _card(report: Report, sheet: Sheet, view: View, since: SinceExposure) -> str:
    run = f" ({view.run})" if len(report.runs) > 1 else ""
    head = tag("h3", breakable(sheet.uid), safe(run))
    figure = tag("figure", since_figure(f"{sheet.uid}{run}", since))
    return tag(
        "article",
        head,
        tag("div", figure, _table(since), class_="beside"),
        note(_left_out(since)),
        class_="card",
    )


def _left_out(since: SinceExposure) -> str:
    return (
        f"{count_text(since.pairs, 'pair')} in the cohort. Left out: {since.out_of_range:,} exposed too early or too "
        f"late for a checkpoint in every bin, {since.unknown:,} whose first exposure is not known exactly. Never "
        f"exposed: {since.never:,}."
    )


def _table(since: SinceExposure) -> str:
    columns = [
        Column("steps since", True),
        Column("accuracy", True),
        Column("bootstrap", True),
        Column("never", True, "pairs never exposed, at the same training steps"),
    ]
    edges = since.edges.tolist()
    rows = [
        [
            safe(f"{lag_text(begin)} … {lag_text(end)}"),
            share_text(float(since.accuracy[at])),
            f"{share_text(float(since.bootstrap_low[at]))}–{share_text(float(since.bootstrap_high[at]))}",
            share_text(float(since.never_exposed[at])),
        ]
        for at, (begin, end) in enumerate(pairwise(edges))
    ]
    return table("By time since first exposure", columns, rows)


def _without(held: list[tuple[Sheet, View]]) -> str:
    columns = [Column("paradigm"), Column("run"), Column("why there is no cohort")]
    rows = [[breakable(sheet.uid), safe(view.run), safe(view.standing.reason or NONE)] for sheet, view in held]
    return table("Without a cohort", columns, rows)
