"""A lag among its nulls, on one line: what was observed with its interval, and what permuted labels give."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite

from evaluator.delay_report import TestedLag
from evaluator.nulls import NullTest
from evaluator.report.drawing.scales import Scale, nice_ticks, short_number
from evaluator.report.drawing.shapes import diamond, label, line, polyline, rectangle, svg
from evaluator.report.standing import Measure, lag_of
from evaluator.report.wording import p_phrase, range_text

EDGE = 7.0
"""Beside the scale, for what lies beyond it."""


def lag_bound(lags: Iterable[TestedLag]) -> float:
    """How far a scale of lags must reach so that every finite lag, interval and null quantile stands on it."""
    found = [abs(value) for lag in lags for value in _values(lag) if value is not None and isfinite(value)]
    return max([*found, 1.0]) * 1.04


def _values(lag: TestedLag) -> list[float | None]:
    ends = [] if lag.interval is None else [lag.interval.low, lag.interval.high]
    nulls = [value for null in (lag.within_lemma, lag.random_split) for value in (null.low, null.high)]
    return [lag.steps, *ends, *nulls]


def strip(measure: Measure, bound: float, width: float = 150, height: float = 22) -> str:
    """A small one for a table: the null within lemmas as a bar, the lag with its bootstrap interval before it."""
    scale = Scale(-bound, bound, EDGE, width - EDGE)
    middle = height / 2
    zero = line((scale(0), 2), (scale(0), height - 2), "zero")
    parts = [zero, _null(scale, middle, measure.lag.within_lemma, 8), _observed(scale, middle, measure)]
    return svg(width, height, _spoken(measure), *parts, class_="strip small")


def _spoken(measure: Measure) -> str:
    null = measure.lag.within_lemma
    if not measure.has_lag:
        return "No lag"
    among = "no null" if null.low is None else f"with labels permuted within lemmas {range_text(null.low, null.high)}"
    return f"Lag {lag_of(measure)}, {among}, within lemma {p_phrase(null.p)}"


def _null(scale: Scale, y: float, null: NullTest, size: float) -> str:
    if null.low is None or null.high is None:
        return ""
    low, high = (_place(scale, end) for end in (null.low, null.high))
    bar = rectangle(low, y - size / 2, max(high - low, 1.5), size, "null", 2)
    if null.median is None:
        return bar
    at = _place(scale, null.median)
    return bar + line((at, y - size / 2), (at, y + size / 2), "null-median")


def _observed(scale: Scale, y: float, measure: Measure) -> str:
    lag = measure.lag
    if lag.steps is None or not measure.is_crossed:
        return ""
    whisker = ""
    if lag.interval is not None:
        whisker = line((_place(scale, lag.interval.low), y), (_place(scale, lag.interval.high), y), "whisker")
    at = _place(scale, lag.steps)
    class_ = "observed leads" if measure.leads else "observed"
    if isfinite(lag.steps):
        return whisker + diamond((at, y), 4.6, class_)
    tip = 5 if lag.steps > 0 else -5
    return whisker + polyline([(at - tip, y - 4.6), (at, y), (at - tip, y + 4.6), (at - tip, y - 4.6)], class_)


def _place(scale: Scale, value: float) -> float:
    """On the scale; what is infinite stands just beyond its end."""
    if value in (inf, -inf):
        return scale.end + EDGE - 1 if value > 0 else scale.start - EDGE + 1
    return scale.clamped(value)


PANEL = 340.0
LABELS = 92.0
ROW = 22.0


def strip_panel(name: str, measure: Measure, bound: float) -> str:
    """A larger one beside a figure: the lag, then both nulls, each on a line with its p, over one scale of steps."""
    scale = Scale(-bound, bound, LABELS, PANEL - 74)
    top = 8.0
    rows = [("observed", None), ("within lemma", measure.lag.within_lemma), ("random split", measure.lag.random_split)]
    bottom = top + ROW * len(rows)
    parts = [line((scale(0), top), (scale(0), bottom), "zero")]
    for at, (words, null) in enumerate(rows):
        y = top + ROW * (at + 0.5)
        parts.append(label((0, y + 4), words, "tick"))
        parts.append(_observed(scale, y, measure) if null is None else _null(scale, y, null, 10))
        parts.append(label((PANEL, y + 4), _right(measure, null), "tick value", "end"))
    return svg(PANEL, bottom + 20, f"{name}. {_spoken(measure)}", *parts, _axis(scale, bottom), class_="strip panel")


def _right(measure: Measure, null: NullTest | None) -> str:
    return lag_of(measure) if null is None else p_phrase(null.p)


def _axis(scale: Scale, bottom: float) -> str:
    ticks = nice_ticks(scale.low, scale.high, 4)
    marks = "".join(line((scale(tick), bottom), (scale(tick), bottom + 4), "base") for tick in ticks)
    base = line((scale.start, bottom), (scale.end, bottom), "base")
    labels = "".join(label((scale(tick), bottom + 16), short_number(tick), "tick", "middle") for tick in ticks)
    return base + marks + labels
