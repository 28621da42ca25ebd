"""All paradigms: a grid of small curves, and for each its figure with what stands beside it."""

from __future__ import annotations

from evaluator.report.build import Report
from evaluator.report.drawing.paradigm_figure import Part
from evaluator.report.drawing.small_multiple import Line, shared_low, small_multiple
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.median_curve import median_curve
from evaluator.report.page_paradigm import paradigm_card
from evaluator.report.page_parts import key, note, section
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import MEANINGS, ORDER, SIGNIFICANT
from evaluator.report.wording import capital, count_text, lag_text, null_text, p_phrase, share_text
from evaluator.scored import Floats, Integers


def grid_section(report: Report) -> str:
    """Every paradigm, small, those that can be asked about delay first; each leads to its figure."""
    parts = [legend(report)]
    for kind in ORDER:
        sheets = [sheet for sheet in report.sheets if sheet.best.kind == kind]
        if sheets:
            low = shared_low(map(_curves, sheets))
            title = capital(MEANINGS[kind] if report.has_exposures else "learning curves")
            parts.append(tag("h3", safe(title), tag("small", f" {len(sheets)}")))
            parts.append(tag("div", *(_cell(report, sheet, low) for sheet in sheets), class_="grid"))
    return section("grid", "All paradigms", *parts)


def legend(report: Report) -> str:
    """What the colours and marks of the figures mean."""
    if not report.delays:
        return tag("p", key("all", "all pairs"), key("chance", "chance"), class_="legend")
    keys = [
        key("train", "proxy-train"),
        key("validation", "proxy-validation"),
        key("bars", "pairs exposed so far"),
        key("threshold", "threshold τ"),
        key("half", "half-rise"),
        key("chance", "chance"),
    ]
    return tag("p", *keys, class_="legend")


def _cell(report: Report, sheet: Sheet, low: float) -> str:
    words = _under(sheet)
    title = f"{sheet.uid}: accuracy by training step. {words}"
    threshold = report.threshold if sheet.views[0].delay is not None else None
    lines = _curves(sheet)
    runs = [] if len(sheet.views) == 1 else lines
    shown = lines if len(sheet.views) == 1 else _medians(sheet)
    drawing = small_multiple(title, shown, low, threshold=threshold, runs=runs)
    text = tag("p", tag("b", breakable(sheet.uid)), tag("span", safe(words)))
    return tag("a", drawing, text, class_="cell leads" if sheet.leads else "cell", href=f"#{sheet.anchor}")


def _curves(sheet: Sheet) -> list[Line]:
    """Of every run."""
    return [line for view in sheet.views for line in _lines(view)]


def _lines(view: View) -> list[Line]:
    delay = view.delay
    if delay is None:
        return [("all", view.everything.steps, view.everything.accuracy)]
    parts: list[tuple[Part, Floats, Integers]] = [
        ("train", delay.train.accuracy, delay.train.pairs),
        ("validation", delay.validation.accuracy, delay.validation.pairs),
    ]
    drawn: list[Line] = [(part, delay.train.steps, values) for part, values, pairs in parts if pairs[0]]
    return drawn or [("all", view.everything.steps, view.everything.accuracy)]


def _medians(sheet: Sheet) -> list[Line]:
    by_part: dict[Part, list[tuple[Integers, Floats]]] = {}
    for view in sheet.views:
        for part, steps, values in _lines(view):
            by_part.setdefault(part, []).append((steps, values))
    return [(part, *median_curve(held)) for part, held in by_part.items() if len(held) == len(sheet.views)]


def _under(sheet: Sheet) -> str:
    """The shortest true thing to say of it: the half-rise lag with its p, or where it ends."""
    view = sheet.views[0]
    half = None if view.delay is None else view.delay.half_rise
    if len(sheet.views) == 1 and half is not None and half.lag.steps is not None:
        null = half.lag.within_lemma
        among = null_text(half.lag.steps, null.median, null.low, null.high)
        return f"lag {lag_text(half.lag.steps)}, {among if null.low is not None else 'no null'}, {p_phrase(null.p)}"
    if sheet.across is not None:
        lags = [view.delay.half_rise.lag for view in sheet.views if view.delay and view.delay.half_rise]
        low = sum(lag.within_lemma.p is not None and lag.within_lemma.p < SIGNIFICANT for lag in lags)
        median = lag_text(sheet.across.half_rise_lag.value)
        return f"median lag {median}, p < {share_text(SIGNIFICANT, 2)} in {low} of {count_text(len(lags), 'run')}"
    return f"in the end {share_text(float(view.everything.accuracy[-1]))}"


def paradigms_section(report: Report) -> str:
    """A figure for each paradigm."""
    cards = [paradigm_card(report, sheet) for sheet in report.sheets]
    lead = note(_LEADS[len(report.runs) > 1]) + legend(report) if report.delays else ""
    return section("paradigms", "Each paradigm", lead, *cards)


_BARS = "Bars and right axis: pairs of proxy-train whose phrase the checkpoint had seen"

_LEADS = {
    False: f"Curves: accuracy; shaded: their interval. {_BARS}. Lines down: the first checkpoint at or above τ; the "
    "stroke at τ is the interval in which the crossing happened. A table of all points is below each figure.",
    True: f"Thin curves: runs; thick: their median, at the checkpoints that all have. {_BARS}, where the runs agree. "
    "Grey bar: 95 % of the lags of labels permuted within critical lemmas; diamond: the lag, filled where proxy-train "
    "leads.",
}
