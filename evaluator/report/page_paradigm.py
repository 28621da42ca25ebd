"""One paradigm on the page: its figure, its lags among their nulls, its numbers."""

from __future__ import annotations

from evaluator.accuracy import AccuracyCurve
from evaluator.report.build import Report
from evaluator.report.drawing.paradigm_figure import Part, Plotted, paradigm_figure
from evaluator.report.drawing.strip import lag_bound, strip_panel
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_facts import facts
from evaluator.report.page_parts import badges, definitions, note
from evaluator.report.page_points import points_table
from evaluator.report.page_runs import runs_together
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import Measure, lag_of, measures_of
from evaluator.report.wording import (
    covering_text,
    null_text,
    p_text,
    threshold_text,
    words,
)


def paradigm_card(report: Report, sheet: Sheet) -> str:
    """The whole card."""
    only = f"only in {sheet.views[0].run}" if len(sheet.views) == 1 < len(report.runs) else ""
    kin = " · ".join(text for text in (words(sheet.phenomenon), words(sheet.field), only) if text)
    head = tag(
        "div",
        tag("h3", breakable(sheet.uid)),
        tag("p", safe(kin), badges(sheet.flags)),
        _choices(report),
        class_="head",
    )
    body = _alone(sheet, sheet.views[0]) if len(sheet.views) == 1 else runs_together(sheet)
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
    left = tag("div", figure, definitions(facts(view)))
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
        parts.append(tag("div", tag("h4", safe(_measure_title(measure))), _panel(measure)))
    if view.fall_backs:
        falls = "; ".join(one.text for one in view.fall_backs)
        crossed = f"A first crossing of {threshold_text(view.threshold)} that does not last misleads"
        parts.append(note(f"{crossed}: {falls}.", "warning"))
    return parts


def _measure_title(measure: Measure) -> str:
    if measure.threshold is None:
        return "Half-rise lag, in steps"
    return f"Lag at {threshold_text(measure.threshold.threshold)}, in steps"


def _panel(measure: Measure) -> str:
    lag, null = measure.lag, measure.lag.within_lemma
    if not measure.has_lag:
        return note(f"No lag: {lag.reason or 'neither part crosses'}.")
    said = [f"{lag_of(measure)} {covering_text(lag.interval)}"]
    if null.low is not None:
        said.append(null_text(lag.steps, null.median, null.low, null.high))
    if null.p_adjusted is not None:
        said.append(f"p adjusted over both lags of the eligible paradigms {p_text(null.p_adjusted)}")
    said += [text for text in dict.fromkeys([lag.reason, null.reason]) if text]
    text = "; ".join(part for part in said if part)
    return strip_panel(_measure_title(measure), measure, lag_bound([lag])) + note(f"{text}.")
