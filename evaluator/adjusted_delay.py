"""The p values of a report, adjusted for how many there are: each test over all paradigms and thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluator.adjustment import benjamini_hochberg
from evaluator.delay_report import ParadigmDelay, TestedLag
from evaluator.nulls import NullTest


def adjusted(paradigms: Sequence[ParadigmDelay]) -> tuple[ParadigmDelay, ...]:
    """The same with `p_adjusted` in every test: over paradigm × threshold, and half-rise lags over paradigms."""
    threshold_lags = iter(_adjusted_lags([lag.lag for one in paradigms for lag in one.lags]))
    half_rise_lags = iter(_adjusted_lags([one.half_rise.lag for one in paradigms if one.half_rise is not None]))
    return tuple(
        replace(
            one,
            lags=tuple(replace(lag, lag=next(threshold_lags)) for lag in one.lags),
            half_rise=None if one.half_rise is None else replace(one.half_rise, lag=next(half_rise_lags)),
        )
        for one in paradigms
    )


def _adjusted_lags(lags: Sequence[TestedLag]) -> list[TestedLag]:
    random_split = _adjusted_tests([lag.random_split for lag in lags])
    within_lemma = _adjusted_tests([lag.within_lemma for lag in lags])
    return [
        replace(lag, random_split=one, within_lemma=other)
        for lag, one, other in zip(lags, random_split, within_lemma, strict=True)
    ]


def _adjusted_tests(tests: Sequence[NullTest]) -> list[NullTest]:
    values = benjamini_hochberg([test.p for test in tests])
    return [replace(test, p_adjusted=value) for test, value in zip(tests, values, strict=True)]
