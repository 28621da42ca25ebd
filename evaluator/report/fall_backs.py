"""Crossings that did not last: a part that falls below the threshold again, so that its first crossing misleads."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.accuracy import AccuracyCurve
from evaluator.crossings import Crossing
from evaluator.delay_report import ParadigmDelay


@dataclass(frozen=True, slots=True)
class FallBack:
    """One part of a paradigm that crossed a threshold and fell below it again."""

    part: str
    times: int
    is_below_at_end: bool
    """Whether its last checkpoint is below: it fell back for good."""

    @property
    def text(self) -> str:
        """ "proxy-train falls back 4 times, in the end below"."""
        times = "once" if self.times == 1 else f"{self.times:,} times"
        return f"{self.part} falls back {times}{', in the end below' if self.is_below_at_end else ''}"


def fall_backs(delay: ParadigmDelay | None, threshold: float) -> tuple[FallBack, ...]:
    """The parts that fall below `threshold` after they crossed it, proxy-train first."""
    lag = None if delay is None else delay.lag_at(threshold)
    if delay is None or lag is None:
        return ()
    sides = [("proxy-train", lag.train, delay.train), ("proxy-validation", lag.validation, delay.validation)]
    return tuple(_fall_back(*side) for side in sides if side[1].un_crossings)


def _fall_back(part: str, crossing: Crossing, curve: AccuracyCurve) -> FallBack:
    return FallBack(part, crossing.un_crossings, bool(curve.accuracy[-1] < crossing.threshold))
