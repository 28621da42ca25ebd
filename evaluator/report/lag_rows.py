"""lags.csv and lags.parquet: every lag, with the crossings that it is the difference of, its interval and its nulls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluator.crossings import Crossing
from evaluator.delay_report import ParadigmDelay, TestedLag
from evaluator.half_rise import HalfRise
from evaluator.intervals import Interval
from evaluator.nulls import NullTest
from evaluator.report.build import Report
from evaluator.report.plain import known
from evaluator.report.sheet import Sheet, View


@dataclass(frozen=True, slots=True)
class LagRow:
    """One lag of one paradigm, in training steps: proxy-validation − proxy-train.

    `measure` is half-rise or threshold. `*_step` is where a side crosses, `*_after` the checkpoint before (none when
    already the first is above), both none when it never does. Nulls: quantiles 2.5 %, 50 % and 97.5 % of the lags of
    permuted labels; p is one-tailed, (at_least + 1) / (draws + 1). Lags and quantiles may be infinite.
    """

    evaluation: str
    uid: str
    phenomenon: str
    field: str
    measure: str
    threshold: float | None
    lag: float | None
    lag_low: float | None
    lag_high: float | None
    interpolated_lag: float | None
    interpolated_low: float | None
    interpolated_high: float | None
    reason: str | None
    within_lemma_p: float | None
    within_lemma_p_adjusted: float | None
    within_lemma_low: float | None
    within_lemma_median: float | None
    within_lemma_high: float | None
    within_lemma_at_least: int
    within_lemma_draws: int
    within_lemma_undefined: int
    within_lemma_reason: str | None
    random_split_p: float | None
    random_split_p_adjusted: float | None
    random_split_low: float | None
    random_split_median: float | None
    random_split_high: float | None
    random_split_at_least: int
    random_split_draws: int
    random_split_undefined: int
    random_split_reason: str | None
    train_step: float | None
    train_after: int | None
    train_interpolated: float | None
    train_un_crossings: int | None
    validation_step: float | None
    validation_after: int | None
    validation_interpolated: float | None
    validation_un_crossings: int | None
    proxy_train: int
    proxy_validation: int
    eligible: bool
    flags: tuple[str, ...]
    convention: str


def lag_rows(report: Report) -> list[LagRow]:
    """By evaluation and paradigm: half-rise first, then the thresholds in ascending order."""
    found = []
    for run in report.runs:
        for sheet in sorted(report.sheets, key=lambda one: one.uid):
            views = [view for view in sheet.views if view.run == run.name and view.delay is not None]
            found += [row for view in views for row in _of_view(sheet, view, run.convention.name)]
    return found


def _of_view(sheet: Sheet, view: View, convention: str) -> Iterator[LagRow]:
    delay = view.delay
    if delay is None:
        return
    shared = _shared(sheet, view, delay, convention)
    if (half := delay.half_rise) is not None:
        sides = _half_side("train", half.train) | _half_side("validation", half.validation)
        yield LagRow(measure="half-rise", threshold=None, **shared, **_tested(half.lag), **_NOT_INTERPOLATED, **sides)
    for one in sorted(delay.lags, key=lambda lag: lag.threshold):
        sides = _side("train", one.train) | _side("validation", one.validation)
        between = {"interpolated_lag": known(one.interpolated), **_ends("interpolated", one.interpolated_interval)}
        yield LagRow(measure="threshold", threshold=one.threshold, **shared, **_tested(one.lag), **between, **sides)


_NOT_INTERPOLATED: dict[str, Any] = dict.fromkeys(["interpolated_lag", "interpolated_low", "interpolated_high"])


def _shared(sheet: Sheet, view: View, delay: ParadigmDelay, convention: str) -> dict[str, Any]:
    return {
        "evaluation": view.run,
        "uid": sheet.uid,
        "phenomenon": delay.phenomenon,
        "field": delay.field,
        "proxy_train": delay.counts["proxy-train"],
        "proxy_validation": delay.counts["proxy-validation"],
        "eligible": view.standing.is_eligible,
        "flags": delay.flags,
        "convention": convention,
    }


def _tested(lag: TestedLag) -> dict[str, Any]:
    held = {"lag": known(lag.steps), **_ends("lag", lag.interval), "reason": lag.reason}
    return held | _null("within_lemma", lag.within_lemma) | _null("random_split", lag.random_split)


def _null(prefix: str, null: NullTest) -> dict[str, Any]:
    return {
        f"{prefix}_p": null.p,
        f"{prefix}_p_adjusted": null.p_adjusted,
        f"{prefix}_low": known(null.low),
        f"{prefix}_median": known(null.median),
        f"{prefix}_high": known(null.high),
        f"{prefix}_at_least": null.at_least,
        f"{prefix}_draws": null.draws,
        f"{prefix}_undefined": null.undefined,
        f"{prefix}_reason": null.reason,
    }


def _ends(prefix: str, interval: Interval | None) -> dict[str, Any]:
    low, high = (None, None) if interval is None else (known(interval.low), known(interval.high))
    return {f"{prefix}_low": low, f"{prefix}_high": high}


def _side(prefix: str, crossing: Crossing) -> dict[str, Any]:
    return {
        f"{prefix}_step": None if crossing.step is None else float(crossing.step),
        f"{prefix}_after": None if crossing.after is None else int(crossing.after),
        f"{prefix}_interpolated": known(crossing.interpolated),
        f"{prefix}_un_crossings": int(crossing.un_crossings),
    }


def _half_side(prefix: str, half: HalfRise) -> dict[str, Any]:
    found = known(half.step)
    return {
        f"{prefix}_step": found,
        f"{prefix}_after": None,
        f"{prefix}_interpolated": found,
        f"{prefix}_un_crossings": None,
    }
