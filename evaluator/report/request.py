"""What a report is asked for. The same request over the same evaluations gives the same bytes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from evaluator.accuracy import AccuracyRequest
from evaluator.conventions import Norm, Tie
from evaluator.delay_report import DelayRequest
from evaluator.funnel import FunnelRequest
from evaluator.since_exposure import SinceExposureRequest
from exposure.splits import Policy, Sides, SplitRequest


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """How pairs are split, how delay is measured, and which of the stored scores are asked."""

    policy: Policy = "window"
    at_step: int | None = None
    """`window`: its end, the whole run when None. `seen-by`: the checkpoint that counts are of, the last when None."""
    sides: Sides = "either"
    include_flagged: bool = False
    delay: DelayRequest = field(default_factory=DelayRequest)
    funnel: FunnelRequest = field(default_factory=FunnelRequest)
    convention: str | None = None
    tie: Tie | None = None
    norm: Norm | None = None
    uids: tuple[str, ...] = ()
    bin_steps: int | None = None
    """`seen-by`: steps of a bin of time since first exposure; the gap that lets most pairs in when None."""

    @property
    def accuracy(self) -> AccuracyRequest:
        """Intervals of accuracies by the same resamples, level and seed as those of delays."""
        return AccuracyRequest(resamples=self.delay.resamples, level=self.delay.level, seed=self.delay.seed)

    @property
    def since(self) -> SinceExposureRequest:
        """Bins of time since first exposure, with the same draws."""
        held = self.accuracy
        return SinceExposureRequest(width=self.bin_steps, resamples=held.resamples, level=held.level, seed=held.seed)

    @property
    def window(self) -> SplitRequest:
        """The fixed split that lags and cohorts belong to: all that the window exposes."""
        end = self.at_step if self.policy == "window" else None
        return SplitRequest("window", end, self.sides, self.include_flagged)

    def seen_by(self, last_step: int) -> SplitRequest:
        """What a checkpoint had seen: the one asked for, else the last."""
        step = last_step if self.at_step is None else self.at_step
        return SplitRequest("seen-by", step, self.sides, self.include_flagged)

    @property
    def document(self) -> dict[str, Any]:
        """JSON values, for provenance."""
        return asdict(self)
