"""Several evaluations side by side: seeds, sizes, runs. Medians over runs hold infinite lags; unknown ones are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.delay_report import DelayReport, ParadigmDelay


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
    raise NotImplementedError  # being written
