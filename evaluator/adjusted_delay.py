"""The p values of a report, adjusted for how many there are, in two families of the paradigms with enough pairs.

The decisive family is everything by which proxy-train can be said to lead: half-rise lags and lags at the named
threshold, together. The lags at the other thresholds are the other family.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evaluator.adjustment import benjamini_hochberg
from evaluator.delay_report import FEW_PAIRS, ParadigmDelay, TestedLag
from evaluator.nulls import NullTest


def adjusted(paradigms: Sequence[ParadigmDelay], threshold: float) -> tuple[ParadigmDelay, ...]:
    """The same with `p_adjusted` in every test of a paradigm that can be asked; none in one with few pairs."""
    decisive = iter(_adjusted_lags([lag for one in paradigms for lag in decisive_lags(one, threshold)]))
    others = iter(_adjusted_lags([lag for one in paradigms for lag in _other_lags(one, threshold)]))
    return tuple(one if _is_few(one) else _with(one, threshold, decisive, others) for one in paradigms)


def decisive_lags(one: ParadigmDelay, threshold: float) -> list[TestedLag]:
    """The half-rise lag and the lag at the threshold, as far as they are there; none where a part has few pairs."""
    if _is_few(one):
        return []
    half = [] if one.half_rise is None else [one.half_rise.lag]
    return [*half, *(lag.lag for lag in one.lags if lag.threshold == threshold)]


def _other_lags(one: ParadigmDelay, threshold: float) -> list[TestedLag]:
    return [] if _is_few(one) else [lag.lag for lag in one.lags if lag.threshold != threshold]


def _is_few(one: ParadigmDelay) -> bool:
    return FEW_PAIRS in one.flags


def _with(
    one: ParadigmDelay, threshold: float, decisive: Iterator[TestedLag], others: Iterator[TestedLag]
) -> ParadigmDelay:
    """In the order of `decisive_lags`: half-rise first."""
    half = None if one.half_rise is None else replace(one.half_rise, lag=next(decisive))
    lags = [replace(lag, lag=next(decisive if lag.threshold == threshold else others)) for lag in one.lags]
    return replace(one, half_rise=half, lags=tuple(lags))


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
