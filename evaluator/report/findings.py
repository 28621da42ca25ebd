"""What was found, in sentences: one for the whole, one for each phenomenon. They claim no more than the tests allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.adjusted_delay import decisive_lags
from evaluator.delay_report import DelayReport
from evaluator.report.build import Report
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import MEANINGS, ORDER, SIGNIFICANT, Measure, lag_of, leading, measures_of
from evaluator.report.wording import (
    capital,
    count_text,
    covering_text,
    list_text,
    null_text,
    p_phrase,
    p_text,
    share_text,
    threshold_text,
    words,
)

MOST_NAMED = 3
"""Paradigms named in one sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence on one phenomenon. `leads` when proxy-train leads in one of its paradigms."""

    about: str
    sentence: str
    leads: bool


def criterion(report: Report) -> str:
    """What "leads" means here."""
    return (
        f"Proxy-train leads in a paradigm when its half-rise lag, or its lag at {threshold_text(report.threshold)}, is "
        f"positive with p < {share_text(SIGNIFICANT, 2)} in the permutation of exposure within critical lemmas, "
        "adjusted (Benjamini and Hochberg) over both lags of all eligible paradigms together. Exposure was not "
        "assigned at random, so this is observational."
    )


def headline(report: Report) -> str:
    """The finding on all paradigms."""
    if not report.has_exposures:
        return "No timeline was given: these are learning curves, and nothing is said of exposure."
    if report.request.policy == "seen-by":
        return "Accuracy by time since first exposure, on fixed cohorts. Sets that grow have no lag."
    held = report.eligible
    if not held:
        return "No paradigm has enough pairs both exposed and not exposed: nothing can be said of a delay."
    led = [sheet for sheet in held if sheet.leads]
    total = "the one eligible paradigm" if len(held) == 1 else f"the {len(held):,} eligible paradigms"
    if not led:
        none = total if len(held) == 1 else f"any of {total}"
        return f"Proxy-train does not lead proxy-validation in {none}. {crossings_sentence(report)}"
    share = total if len(held) == 1 else f"{len(led):,} of {total}"
    in_runs = "" if len(report.delays) == 1 else f" in at least one of {len(report.delays)} runs"
    return f"Proxy-train leads proxy-validation in {share}{in_runs}: {_where(led)}. {crossings_sentence(report)}"


def _where(led: Sequence[Sheet]) -> str:
    """Few by name, many by phenomenon."""
    if len(led) <= MOST_NAMED:
        return list_text([sheet.uid for sheet in led])
    times = Counter(words(sheet.phenomenon) or "no phenomenon named" for sheet in led)
    return list_text([f"{name} ({number})" for name, number in times.most_common()])


def crossings_sentence(report: Report) -> str:
    """How many eligible paradigms reach the threshold at all."""
    views = [view for sheet in report.eligible for view in sheet.views if view.standing.is_eligible]
    reached = sum(_crosses(view) for view in views)
    tau = threshold_text(report.threshold)
    if not reached:
        return f"No eligible paradigm crosses {tau}{'' if len(report.delays) == 1 else ' in any run'}."
    curves = "" if len(report.delays) == 1 else " paradigms × runs"
    back = sum(any(one.is_below_at_end for one in view.fall_backs) for view in views)
    verb = "crosses" if len(views) == 1 else "cross"
    return f"{reached:,} of {len(views):,}{curves} {verb} {tau} with either part; {_fell_back(back)}."


def _fell_back(views: int) -> str:
    """How many crossings did not last to the end."""
    if not views:
        return "none of them fell back below it for good"
    return f"{views:,} of them fell back below it for good (a part that crossed is below at the last checkpoint)"


def _crosses(view: View) -> bool:
    lag = None if view.delay is None else view.delay.lag_at(view.threshold)
    return lag is not None and (lag.train.step is not None or lag.validation.step is not None)


def resolution_note(report: Report) -> str | None:
    """A warning where so few permutations were drawn that no paradigm could pass; None where they suffice."""
    tests = max(map(_tested, report.delays.values()), default=0)
    draws = report.request.delay.permutations
    if not tests or tests / (draws + 1) < SIGNIFICANT:
        return None
    single = "the only test" if tests == 1 else f"a single one of {tests:,} tests"
    return (
        f"With {count_text(draws, 'permutation')} no p-value is below 1/{draws + 1:,}, and {single} could not stay "
        f"below {share_text(SIGNIFICANT, 2)} after adjusting. Ask for more permutations: {tests * 40 - 1}."
    )


def _tested(delay: DelayReport) -> int:
    """How many p-values are adjusted together: of both lags of eligible paradigms."""
    held = [lag for one in delay.paradigms for lag in decisive_lags(one, delay.request.threshold)]
    return sum(lag.within_lemma.p is not None for lag in held)


def findings(report: Report) -> list[Finding]:
    """One finding a phenomenon, those where proxy-train leads first; paradigms of none stand together."""
    by_phenomenon: dict[str, list[Sheet]] = {}
    for sheet in report.sheets:
        by_phenomenon.setdefault(sheet.phenomenon, []).append(sheet)
    found = [
        Finding(
            capital(words(name)) if name else "No phenomenon named",
            _sentence(sheets, report),
            any(s.leads for s in sheets),
        )
        for name, sheets in sorted(by_phenomenon.items())
    ]
    return sorted(found, key=lambda one: not one.leads)


def _title(phenomenon: str) -> str:
    return capital(words(phenomenon)) if phenomenon else "No phenomenon named"


def _sentence(sheets: Sequence[Sheet], report: Report) -> str:
    eligible = [sheet for sheet in sheets if sheet.is_eligible]
    share = f"{len(eligible):,} of {count_text(len(sheets), 'paradigm')} eligible"
    if not eligible:
        return f"None of {count_text(len(sheets), 'paradigm')} eligible: {_why_not(sheets)}."
    led = [sheet for sheet in eligible if sheet.leads]
    if not led:
        return f"{share}; proxy-train leads in none. {_nearest(eligible, report)}"
    rest = "" if len(led) == len(eligible) else " No other shows a lag beyond that of permuted labels."
    return f"{share}; proxy-train leads in {_described(led, report)}.{rest}"


def _why_not(sheets: Sequence[Sheet]) -> str:
    kinds = [sheet.best.kind for sheet in sheets]
    return ", ".join(f"{MEANINGS[kind]} ({kinds.count(kind)})" for kind in ORDER if kind in kinds)


def _described(led: Sequence[Sheet], report: Report) -> str:
    shown = [f"{sheet.uid} ({_strongest(sheet, report)})" for sheet in led[:MOST_NAMED]]
    more = [f"{len(led) - MOST_NAMED:,} more"] if len(led) > MOST_NAMED else []
    return list_text([*shown, *more])


def _strongest(sheet: Sheet, report: Report) -> str:
    """The first of its leading measures, in the first run that has one."""
    found = [
        measure
        for view in sheet.views
        if view.leads and view.delay is not None
        for measure in leading(view.delay, report.threshold)
    ]
    runs = sum(view.leads for view in sheet.views)
    return (
        measure_text(found[0])
        if len(sheet.views) == 1
        else f"{runs} of {len(sheet.views)} runs; {measure_text(found[0])}"
    )


def measure_text(measure: Measure) -> str:
    """A lag with its interval and its null: never one without the others."""
    null = measure.lag.within_lemma
    name = "half-rise lag" if measure.threshold is None else f"lag at {threshold_text(measure.threshold.threshold)}"
    adjusted = "" if null.p_adjusted is None else f", adjusted {p_text(null.p_adjusted)}"
    among = null.reason or "no null"
    if null.low is not None:
        among = null_text(measure.lag.steps, null.median, null.low, null.high)
    interval = covering_text(measure.lag.interval)
    return f"{name} {lag_of(measure)} {interval}; {among}, {p_phrase(null.p)}{adjusted}"


def _nearest(eligible: Sequence[Sheet], report: Report) -> str:
    """The smallest p within lemmas, so that "none" can be judged."""
    held = [
        (measure.lag.within_lemma.p, sheet.uid, measure)
        for sheet in eligible
        for view in sheet.views
        if view.delay is not None
        for measure in measures_of(view.delay, report.threshold)
        if measure.has_lag and measure.lag.within_lemma.p is not None
    ]
    if not held:
        return "Within critical lemmas nothing could be tested: no lemma has pairs in both parts, or there is no lag."
    _, uid, measure = min(held, key=lambda one: (one[0], one[1]))
    return f"Nearest: {uid} ({measure_text(measure)})."
