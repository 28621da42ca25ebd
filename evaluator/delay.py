"""Delayed generalisation, from stored scores: EXP's lags, and what has to stand beside them (method.md, section 2)."""

from __future__ import annotations

from evaluator.delay_report import DelayReport, DelayRequest
from evaluator.scored import ScoredSeries
from evaluator.split import Split


def analyse_delay(series: ScoredSeries, split: Split, request: DelayRequest) -> DelayReport:
    """Lags, half-rise times and plateau differences of every paradigm, with intervals and nulls.

    Raises EvaluationError where split and series have different pairs, or the request is impossible.
    """
    raise NotImplementedError  # being written
