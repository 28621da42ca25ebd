"""One paradigm on the page: its figure, its lags among their nulls, its numbers."""

from __future__ import annotations

from evaluator.accuracy import AccuracyCurve
from evaluator.report.build import Report
from evaluator.report.drawing.overlay_figure import overlay_figure
from evaluator.report.drawing.paradigm_figure import Part, Plotted, paradigm_figure
from evaluator.report.drawing.strip import lag_bound, strip, strip_panel
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, badges, definitions, note, table
from evaluator.report.page_points import points_table
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import Measure, lag_of, measures_of
from evaluator.report.wording import (
    NONE,
    interval_text,
    p_text,
    range_text,
    share_text,
    steps_text,
    threshold_text,
    words,
)


def paradigm_card(report: Report, sheet: Sheet) -> str:
    """The whole card."""
    kin = " · ".join(words(name) for name in (sheet.phenomenon, sheet.field) if name)
    head = tag(
        "div",
        tag("h3", breakable(sheet.uid)),
        tag("p", safe(kin), badges(sheet.flags)),
        _choices(report),
        class_="head",
    )
    body = _alone(sheet, sheet.views[0]) if len(sheet.views) == 1 else _together(sheet)
    class_ = "card leads" if sheet.leads else "card"
    return tag("article", head, *body, id=sheet.anchor, class_=class_)


def _choices(report: Report) -> str:
    """Labels of the page's radio buttons, by which steps get a log axis and bands another interval."""
    chosen = [("x", "linear", "linear"), ("x", "log", "log steps")]
    if len(report.runs) == 1:
        chosen += [("band", "bootstrap", "lemma bootstrap"), ("band", "wilson", "Wilson")]
    labels = [tag("label", name, for_=f"{group}-{value}", class_=f"{group}-{value}") for group, value, name in chosen]
    return tag("p", *labels, class_="choose")


def _alone(sheet: Sheet, view: View) -> list[str]:
    plotted = _plotted(sheet, view)
    figure = tag("figure", paradigm_figure(plotted), paradigm_figure(plotted, is_log=True))
    points = tag("details", tag("summary", "All points"), points_table(sheet.uid, view))
    left = tag("div", figure, definitions(_facts(view)))
    return [tag("div", left, tag("div", *_beside(view), class_="side"), class_="beside"), points]


def _plotted(sheet: Sheet, view: View) -> Plotted:
    delay = view.delay
    title = f"{sheet.uid}: accuracy by training step"
    if delay is None or not (delay.train.pairs[0] or delay.validation.pairs[0]):
        return Plotted(title, (("all", view.everything),))
    held = tuple((part, curve) for part, curve in _sides(delay.train, delay.validation) if curve.pairs[0])
    threshold = delay.lag_at(view.threshold)
    return Plotted(title, held, view.exposed, threshold, delay.half_rise, view.threshold)


def _sides(train: AccuracyCurve, validation: AccuracyCurve) -> list[tuple[Part, AccuracyCurve]]:
    return [("train", train), ("validation", validation)]


def _beside(view: View) -> list[str]:
    delay = view.delay
    parts = [] if not view.standing.reason else [note(f"Not eligible: {view.standing.reason}.", "warning")]
    if view.standing.kind == "no_exposures":
        parts = []
    if delay is None:
        return parts
    for measure in measures_of(delay, view.threshold):
        parts += [tag("h4", safe(_measure_title(measure))), _panel(measure)]
    return parts


def _measure_title(measure: Measure) -> str:
    if measure.threshold is None:
        return "Half-rise lag, in steps"
    return f"Lag at {threshold_text(measure.threshold.threshold)}, in steps"


def _panel(measure: Measure) -> str:
    lag, null = measure.lag, measure.lag.within_lemma
    said = [f"{lag_of(measure)} {interval_text(lag.interval)}".strip() if measure.is_crossed else ""]
    if null.low is not None:
        said.append(f"within lemmas by chance {range_text(null.low, null.high)}")
    if null.p_adjusted is not None:
        said.append(f"p adjusted over paradigms {p_text(null.p_adjusted)}")
    said += [text for text in dict.fromkeys([lag.reason, null.reason]) if text]
    text = "; ".join(part for part in said if part)
    return strip_panel(_measure_title(measure), measure, lag_bound([lag])) + note(f"{text}.")


def _facts(view: View) -> list[tuple[str, str]]:
    delay = view.delay
    if delay is None:
        return [("all pairs", safe(_from_to(view.everything)))]
    rows = []
    for name, curve, part in (
        ("proxy-train", delay.train, "train"),
        ("proxy-validation", delay.validation, "validation"),
    ):
        if curve.pairs[0]:
            rows.append((name, tag("span", safe(_from_to(curve)), class_=part)))
    if not rows:
        rows.append(("all pairs", safe(_from_to(view.everything))))
    others = {part: number for part, number in delay.counts.items() if number and not part.startswith("proxy-")}
    if others:
        rows.append(("in neither", safe(", ".join(f"{n:,} {words(part)}" for part, n in others.items()))))
    if delay.plateau is not None:
        rows.append(("plateau difference", safe(_plateau(view))))
    if delay.clusters is not None:
        rows.append(("clusters", safe(_clusters(view))))
    if view.inexact:
        rows.append(("bars", f"{view.inexact:,} first exposures are upper bounds: bars may rise earlier"))
    return rows


def _from_to(curve: AccuracyCurve) -> str:
    ends = f"{share_text(float(curve.accuracy[0]))} → {share_text(float(curve.accuracy[-1]))}"
    return f"{int(curve.pairs[0]):,} pairs, {ends}"


def _plateau(view: View) -> str:
    plateau = None if view.delay is None else view.delay.plateau
    if plateau is None:
        return NONE
    ends = plateau.interval
    held = "" if ends is None else f" [{share_text(ends.low)}, {share_text(ends.high)}]"
    return f"{share_text(plateau.difference)}{held}, over the last {plateau.checkpoints} checkpoints"


def _clusters(view: View) -> str:
    clusters = None if view.delay is None else view.delay.clusters
    if clusters is None:
        return NONE
    return (
        f"{clusters.critical:,} critical lemmas, effectively {clusters.effective:.1f}; {clusters.mixed:,} with pairs "
        f"in both parts ({clusters.movable:,} pairs)"
    )


def _together(sheet: Sheet) -> list[str]:
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
        strips = [strip(by_name[name], bounds[name]) if name in by_name else NONE for name in names]
        rows.append([safe(view.run), *strips])
    titles = {"half-rise": "half-rise", "threshold": threshold_text(sheet.views[0].threshold)}
    columns = [Column("run"), *(Column(titles[name]) for name in names)]
    return table("Lags against chance", columns, rows, "strips")


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
                Column("by chance", True, "within critical lemmas"),
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
    return [*cells, steps_text(after), safe(view.standing.reason or "eligible")]


def _lag_cells(measure: Measure) -> list[str]:
    null = measure.lag.within_lemma
    return [safe(lag_of(measure)), safe(range_text(null.low, null.high)), safe(p_text(null.p))]
