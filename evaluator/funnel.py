"""EXP's selection of paradigms, stage by stage, every paradigm with its stage and figures (method.md, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaluator.delay_report import DelayReport

Stage = Literal[
    "early_accuracy", "low_peak", "no_phrase", "few_proxy_train", "validation_below", "not_significant", "selected"
]
"""Where a paradigm leaves the funnel; `selected` passed all. From `not_significant` on a paradigm is eligible: the last
step conditions on the outcome, so report all eligible ones."""


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
    """In how many runs the lag has to be significant."""


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One paradigm and how far it came."""

    uid: str
    stage: Stage
    is_eligible: bool
    """Passed all that does not look at the lag."""
    early_mean: float | None
    """Mean over runs and over the checkpoints in the range; None where no checkpoint lies there."""
    peak: float
    """Of the mean curve over runs."""
    proxy_train: int
    """The smallest of all runs."""
    validation_peaks: tuple[float, ...]
    """By run; NaN where there is no proxy-validation."""
    lags: tuple[float | None, ...]
    """By run."""
    p: tuple[float | None, ...]
    """By run, of the matched random-split test."""
    significant_runs: int


def funnel(reports: Mapping[str, DelayReport], request: FunnelRequest) -> tuple[FunnelRow, ...]:
    """Every paradigm of the runs (seeds of one model), in alphabetical order of stage, then uid.

    Raises EvaluationError where no run is given, paradigms differ, or a run has not measured `request.validation`.
    """
    raise NotImplementedError  # being written
