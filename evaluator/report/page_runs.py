"""One paradigm in several runs: curves over each other, and a line a run."""

from __future__ import annotations

from evaluator.report.drawing.overlay_figure import overlay_figure
from evaluator.report.drawing.strip import lag_bound, strip
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, table
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import Measure, lag_of, measures_of
from evaluator.report.wording import NONE, p_text, range_text, steps_text, threshold_text


def runs_together(sheet: Sheet) -> list[str]:
    """Several runs: their curves over each other, and a line for each."""
    figure = tag("figure", overlay_figure(sheet), overlay_figure(sheet, is_log=True))
    return [tag("div", figure, tag("div", _run_strips(sheet), class_="side"), class_="beside"), _runs_table(sheet)]


def _run_strips(sheet: Sheet) -> str:
    """Each run's lags among their nulls, on one scale a measure."""
    held = [(view, measures_of(view.delay, view.threshold)) for view in sheet.views if view.delay is not None]
    names = dict.fromkeys(measure.name for _, measures in held for measure in measures)
    if not names:
        return ""
    bounds = {name: lag_bound(one.lag for _, found in held for one in found if one.name == name) for name in names}
    rows = []
    for view, found in held:
        by_name = {measure.name: measure for measure in found}
        strips = [
            strip(by_name[name], bounds[name]) if name in by_name and by_name[name].has_lag else NONE for name in names
        ]
        rows.append([safe(view.run), *strips])
    titles = {"half-rise": "half-rise", "threshold": threshold_text(sheet.views[0].threshold)}
    columns = [Column("run"), *(Column(titles[name]) for name in names)]
    return table("Lags, and those of labels permuted within lemmas", columns, rows, "strips")


def _runs_table(sheet: Sheet) -> str:
    tau = threshold_text(sheet.views[0].threshold)
    columns = [
        Column("run"),
        Column("pairs", True, "proxy-train / proxy-validation"),
        *(
            column
            for name in ("half-rise lag", f"lag at {tau}")
            for column in (
                Column(name, True),
                Column("permuted", True, "95 % of the lags of labels permuted within critical lemmas"),
                Column("p lemma", True),
            )
        ),
        Column("t_after", True, "the step at which proxy-validation crosses"),
        Column("standing"),
    ]
    rows = [_run_row(view) for view in sheet.views]
    return table(f"{sheet.uid} by run", columns, rows)


def _run_row(view: View) -> list[str]:
    delay = view.delay
    if delay is None:
        return [safe(view.run), *([NONE] * 8), safe(view.standing.reason)]
    cells = [safe(view.run), f"{delay.counts['proxy-train']:,} / {delay.counts['proxy-validation']:,}"]
    by_name = {measure.name: measure for measure in measures_of(delay, view.threshold)}
    for name in ("half-rise", "threshold"):
        found = by_name.get(name)
        cells += [NONE] * 3 if found is None else _lag_cells(found)
    crossing = delay.lag_at(view.threshold)
    after = None if crossing is None else crossing.validation.step
    said = [view.standing.reason or "eligible", *(one.text for one in view.fall_backs)]
    return [*cells, steps_text(after), safe("; ".join(said))]


def _lag_cells(measure: Measure) -> list[str]:
    if not measure.has_lag:
        return [NONE] * 3
    null = measure.lag.within_lemma
    return [safe(lag_of(measure)), safe(range_text(null.low, null.high)), safe(p_text(null.p))]
