"""Several evaluations side by side: seeds, sizes, runs. Medians hold infinite lags too; unknown ones are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from evaluator.crossings import Crossing
from evaluator.delay_report import DelayReport, ParadigmDelay
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class Run:
    """One paradigm in one run."""

    name: str
    paradigm: ParadigmDelay


@dataclass(frozen=True, slots=True)
class Median:
    """The median over the runs that have a value; an end that is infinite in half of them is infinite."""

    value: float | None
    """None where no run has one, or the middle lies between −∞ and ∞."""
    runs: int
    """Runs that have a value."""
    missing: int
    """Runs that have none."""


@dataclass(frozen=True)
class ParadigmAcrossRuns:
    """One paradigm in all runs that evaluated it, at the threshold τ of the comparison."""

    uid: str
    threshold: float
    runs: tuple[Run, ...]
    lag: Median
    half_rise_lag: Median
    plateau_difference: Median
    t_after: Median
    """t_val(τ): EXP's t_after is this at 0.80. A side that never crosses counts as ∞."""


def side_by_side(reports: Mapping[str, DelayReport], threshold: float = 0.80) -> tuple[ParadigmAcrossRuns, ...]:
    """Every paradigm of any of the runs, in alphabetical order.

    Raises EvaluationError where no run is given, or one of them has not measured `threshold`.
    """
    require_threshold(reports, threshold)
    runs: dict[str, list[Run]] = {}
    for name, report in reports.items():
        for paradigm in report.paradigms:
            runs.setdefault(paradigm.uid, []).append(Run(name, paradigm))
    return tuple(_across(uid, tuple(runs[uid]), threshold) for uid in sorted(runs))


def require_threshold(reports: Mapping[str, DelayReport], threshold: float) -> None:
    """Raise EvaluationError where there is no run, or one that has not measured `threshold`."""
    if not reports:
        raise EvaluationError("No run is given to set side by side: give the reports of one evaluation at least.")
    for name, report in reports.items():
        if threshold not in report.request.grid:
            measured = ", ".join(f"{one:g}" for one in report.request.grid)
            raise EvaluationError(
                f"The run {name} has no lags at a threshold of {threshold:g}; it has {measured}. Analyse it again with "
                f"{threshold:g} among the thresholds."
            )


def median_of(values: Sequence[float | None]) -> Median:
    """The median of the values that there are, infinite ones among them."""
    held = sorted(value for value in values if value is not None)
    low, high = (held[(len(held) - 1) // 2], held[len(held) // 2]) if held else (-inf, inf)
    middle = None if low == -inf and high == inf else (low + high) / 2
    return Median(middle, len(held), len(values) - len(held))


def _across(uid: str, runs: tuple[Run, ...], threshold: float) -> ParadigmAcrossRuns:
    paradigms = [run.paradigm for run in runs]
    lags = [one.lag_at(threshold) for one in paradigms]
    half_rises, plateaus = [one.half_rise for one in paradigms], [one.plateau for one in paradigms]
    return ParadigmAcrossRuns(
        uid=uid,
        threshold=threshold,
        runs=runs,
        lag=median_of([None if lag is None else lag.lag.steps for lag in lags]),
        half_rise_lag=median_of([None if one is None else one.lag.steps for one in half_rises]),
        plateau_difference=median_of([None if one is None else one.difference for one in plateaus]),
        t_after=median_of([None if lag is None else _step(lag.validation) for lag in lags]),
    )


def _step(crossing: Crossing) -> float:
    return inf if crossing.step is None else float(crossing.step)
