"""EXP's selection of paradigms, stage by stage, every paradigm with its stage and figures (method.md, section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np

from evaluator.delay_report import DelayReport, ParadigmDelay
from evaluator.scored import Integers
from evaluator.side_by_side import require_threshold
from evaluator.split import TRAIN
from exposure.errors import EvaluationError

Stage = Literal[
    "early_accuracy", "low_peak", "no_phrase", "few_proxy_train", "validation_below", "not_significant", "selected"
]
"""Where a paradigm leaves the funnel; `selected` passed all. From `not_significant` on a paradigm is eligible: the last
step conditions on the outcome, so report all eligible ones."""


ROUNDING = 1e-9
"""A mean of shares this close to a threshold is at it."""


@dataclass(frozen=True, slots=True)
class FunnelRequest:
    """EXP's thresholds."""

    early_from: int = 100
    early_to: int = 300
    early_accuracy: float = 0.70
    """A mean accuracy at or above it over the steps early_from … early_to: learnt too early to be watched."""
    peak: float = 0.80
    """A highest accuracy below it: not learnt."""
    proxy_train: int = 100
    validation: float = 0.80
    p: float = 0.05
    runs: int = 2
    """In how many runs the lag has to be significant; and in how many proxy-validation has to get there, or in all."""


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One paradigm and how far it came."""

    uid: str
    stage: Stage
    early_mean: float | None
    """Mean over runs and over the checkpoints in the range; None where no checkpoint lies there: nothing is dropped."""
    peak: float
    """Of the mean curve over runs, at the checkpoints that all have; NaN where no pair is scored."""
    proxy_train: int
    """The smallest of all runs."""
    validation_peaks: tuple[float, ...]
    """By run; NaN where there is no proxy-validation."""
    lags: tuple[float | None, ...]
    """By run, at the threshold of `FunnelRequest.validation`."""
    p: tuple[float | None, ...]
    """By run, of the matched random-split test."""
    significant_runs: int

    @property
    def is_eligible(self) -> bool:
        """Passed all that does not look at the lag."""
        return self.stage in ("not_significant", "selected")


def funnel(reports: Mapping[str, DelayReport], request: FunnelRequest) -> tuple[FunnelRow, ...]:
    """Every paradigm of the runs (seeds of one model), in alphabetical order.

    Raises EvaluationError where no run is given, paradigms differ or no checkpoint is common to all, or a run has not
    measured `request.validation`.
    """
    require_threshold(reports, request.validation)
    steps = _common_steps(reports)
    by_run = [report.paradigms for report in reports.values()]
    return tuple(_row(runs, steps, request) for runs in zip(*by_run, strict=True))


def _common_steps(reports: Mapping[str, DelayReport]) -> Integers:
    first, *others = reports.values()
    if any([one.uid for one in other.paradigms] != [one.uid for one in first.paradigms] for other in others):
        raise EvaluationError(
            "The runs have different paradigms. Give seeds of one model, evaluated on the same pairs."
        )
    steps: Integers = reduce(np.intersect1d, [report.steps for report in reports.values()])
    if not len(steps):
        raise EvaluationError("The runs have no checkpoint in common. Give seeds of one model at the same steps.")
    return steps


def _row(runs: Sequence[ParadigmDelay], steps: Integers, request: FunnelRequest) -> FunnelRow:
    curves = [one.everything.accuracy[np.isin(one.everything.steps, steps)] for one in runs]  # [run][checkpoint]
    mean = np.mean(curves, axis=0)
    is_early = (steps >= request.early_from) & (steps <= request.early_to)
    lags = [one.lag_at(request.validation) for one in runs]
    p = tuple(None if lag is None else lag.lag.random_split.p for lag in lags)
    row = FunnelRow(
        uid=runs[0].uid,
        stage="selected",
        early_mean=float(mean[is_early].mean()) if is_early.any() else None,
        peak=float(mean.max()),
        proxy_train=min(one.counts[TRAIN] for one in runs),
        validation_peaks=tuple(float(one.validation.accuracy.max()) for one in runs),
        lags=tuple(None if lag is None else lag.lag.steps for lag in lags),
        p=p,
        significant_runs=sum(one is not None and one < request.p for one in p),
    )
    return replace(row, stage=_stage(row, all(_has_no_phrase(one) for one in runs), request))


def _has_no_phrase(paradigm: ParadigmDelay) -> bool:
    return not any(number for part, number in paradigm.counts.items() if part != "no_phrase")


def _stage(row: FunnelRow, has_no_phrase: bool, request: FunnelRequest) -> Stage:
    reached = sum(peak >= request.validation for peak in row.validation_peaks)
    if row.early_mean is not None and row.early_mean >= request.early_accuracy - ROUNDING:
        return "early_accuracy"
    if not row.peak >= request.peak - ROUNDING:
        return "low_peak"
    if has_no_phrase:
        return "no_phrase"
    if row.proxy_train < request.proxy_train:
        return "few_proxy_train"
    if reached < min(request.runs, len(row.validation_peaks)):
        return "validation_below"
    return "not_significant" if row.significant_runs < request.runs else "selected"
