"""The table of lags: each beside its null, everything eligible shown; and why the rest is not."""

from __future__ import annotations

from evaluator.report.build import Report
from evaluator.report.drawing.strip import lag_bound, strip
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, badges, note, section, table
from evaluator.report.paradigm_rows import last
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import Measure, lag_of, measures_of
from evaluator.report.wording import (
    NONE,
    count_text,
    lag_text,
    p_text,
    range_text,
    share_text,
    steps_text,
    threshold_text,
    words,
)


def lags_section(report: Report) -> str:
    """The lags of all eligible paradigms, and the others with the reason."""
    if not report.delays:
        return ""
    parts = []
    if report.eligible:
        parts += [_lag_table(report), note(_READ)]
    rest = [sheet for sheet in report.sheets if not sheet.is_eligible]
    if rest:
        parts.append(_others(rest))
    if len(report.delays) > 1:
        parts.append(_medians(report))
    return section("lags", "Lags", *parts)


_READ = (
    "Lags are training steps, proxy-validation − proxy-train. Grey bar: 95 % of the lags of labels permuted within "
    "critical lemmas, with their median; the size of the two parts is the same there, so the bar holds what size alone "
    "does to a lag, and what pairs do whose label cannot move: it need not be centred at 0. Diamond: the lag, filled "
    "where proxy-train leads; thin line: its lemma bootstrap. p: one-tailed, within critical lemmas (primary), then "
    "after Benjamini and Hochberg over both lags of all eligible paradigms together, then by random splits as in "
    "EXP. Half-rise: the time at which a part is half-way from its first accuracy to its own plateau."
)


def _lag_table(report: Report) -> str:
    several = len(report.runs) > 1
    views = [(sheet, view) for sheet in report.eligible for view in sheet.views if view.standing.is_eligible]
    bounds = {name: lag_bound(m.lag for _, view in views for m in _measures(view) if m.name == name) for name in _NAMES}
    name = f"lag at {threshold_text(report.threshold)}"
    columns = [
        Column("paradigm"),
        *([Column("run")] if several else []),
        Column("pairs, last accuracy", True, "proxy-train / proxy-validation"),
        *_measure_columns("half-rise lag"),
        *_measure_columns(name),
    ]
    rows = [_row(sheet, view, bounds, several) for sheet, view in views]
    words = "Eligible paradigms: enough pairs in both parts"
    return table(words, columns, rows, "lags")


_NAMES = ("half-rise", "threshold")


_PERMUTED = "95 % of the lags of labels permuted within critical lemmas"


def _measure_columns(name: str) -> list[Column]:
    return [
        Column("lag", True, None, name, name.removeprefix("lag at ").removesuffix(" lag")),
        Column("labels permuted within lemmas", False, _PERMUTED, name, "permuted"),
        Column("p lemma", True, "permutation within critical lemmas; below: adjusted", name, "p lemma"),
        Column("p random", True, "random splits of the same sizes", name, "p random"),
    ]


def _measures(view: View) -> tuple[Measure, ...]:
    return () if view.delay is None else measures_of(view.delay, view.threshold)


def _row(sheet: Sheet, view: View, bounds: dict[str, float], several: bool) -> list[str]:
    delay = view.delay
    if delay is None:
        return []
    by_name = {measure.name: measure for measure in _measures(view)}
    cells = [tag("a", breakable(sheet.uid), href=f"#{sheet.anchor}") + badges(delay.flags)]
    cells += [safe(view.run)] if several else []
    pairs = _both(f"{delay.counts['proxy-train']:,}", f"{delay.counts['proxy-validation']:,}")
    accuracies = _both(share_text(last(delay.train)), share_text(last(delay.validation)))
    cells.append(pairs + tag("span", accuracies, class_="under"))
    for name in _NAMES:
        cells += _measure_cells(by_name.get(name), bounds[name])
    return cells


def _both(train: str, validation: str) -> str:
    return tag("span", safe(train), class_="train") + " / " + tag("span", safe(validation), class_="validation")


def _measure_cells(measure: Measure | None, bound: float) -> list[str]:
    if measure is None:
        return [NONE, "", NONE, NONE]
    if not measure.has_lag:
        why = "neither part crosses" if not measure.is_crossed else measure.lag.reason or NONE
        number = tag("span", NONE, class_="lag", title=measure.lag.reason)
        return [number, tag("span", safe(why), class_="under"), NONE, NONE]
    lag, null = measure.lag, measure.lag.within_lemma
    among = range_text(null.low, null.high) if null.low is not None else null.reason or NONE
    adjusted = "" if null.p_adjusted is None else tag("span", f"adj. {safe(p_text(null.p_adjusted))}", class_="under")
    number = tag("span", safe(lag_of(measure)), class_="lag leads" if measure.leads else "lag", title=lag.reason)
    return [
        number,
        strip(measure, bound) + tag("span", safe(among), class_="under"),
        safe(p_text(null.p)) + adjusted,
        safe(p_text(lag.random_split.p)),
    ]


def _others(sheets: list[Sheet]) -> str:
    columns = [Column("paradigm"), Column("phenomenon"), Column("why not")]
    rows = [
        [
            tag("a", breakable(sheet.uid), href=f"#{sheet.anchor}") + badges(sheet.flags),
            safe(words(sheet.phenomenon)),
            safe(sheet.best.reason),
        ]
        for sheet in sheets
    ]
    inner = table("Not eligible, and why", columns, rows)
    return tag(
        "details", tag("summary", f"{count_text(len(sheets), 'paradigm')} not eligible, and why"), inner, open=""
    )


def _medians(report: Report) -> str:
    """Medians over runs; unknown ones are counted beside."""
    columns = [
        Column("paradigm"),
        Column("runs", True),
        Column("median half-rise lag", True),
        Column(f"median lag at {threshold_text(report.threshold)}", True),
        Column("runs with p lemma < .05", True, "by half-rise or at the threshold, not adjusted over runs"),
        Column("median t_after", True, "the step at which proxy-validation crosses the threshold"),
        Column("median plateau difference", True, "proxy-validation − proxy-train"),
    ]
    rows = [
        [
            tag("a", breakable(sheet.uid), href=f"#{sheet.anchor}"),
            str(len(across.runs)),
            safe(lag_text(across.half_rise_lag.value)),
            safe(lag_text(across.lag.value)),
            f"{sum(_is_significant(view) for view in sheet.views)} of {len(sheet.views)}",
            safe(steps_text(across.t_after.value)),
            safe(share_text(across.plateau_difference.value)),
        ]
        for sheet in report.eligible
        if (across := sheet.across) is not None
    ]
    return table("Medians over runs, of lags whose nulls stand in the table above", columns, rows) if rows else ""


def _is_significant(view: View) -> bool:
    found = [measure.lag.within_lemma.p for measure in _measures(view)]
    return any(p is not None and p < 0.05 for p in found)
