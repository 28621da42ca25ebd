"""From data to places in a drawing, and the ticks that read well there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from [low, high] to [start, end]; SVG's y grows downward, so `start` may be the larger."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of `value`, which may lie outside."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def clamped(self, value: float) -> float:
        """The place of `value`, or of the nearer end."""
        return self(min(max(value, self.low), self.high))


@dataclass(frozen=True, slots=True)
class LogSteps:
    """Training steps by their logarithm; step 0, which has none, stands at `start`, a gap before the first positive."""

    first: float
    """The smallest positive step."""
    high: float
    start: float
    end: float
    gap: float
    """Between the place of step 0 and that of `first`; 0 where step 0 is not there."""

    def __call__(self, step: float) -> float:
        """The place of `step`; below `first` on a straight line to step 0."""
        begin = self.start + self.gap
        if step < self.first:
            return self.start + self.gap * step / self.first
        share = log10(step / self.first) / (log10(self.high / self.first) or 1)
        return begin + share * (self.end - begin)


StepScale = Callable[[float], float]
"""A `Scale` or `LogSteps` over training steps."""


def nice_step(span: float, about: int) -> float:
    """1, 2, 2.5 or 5 times a power of ten, so that about `about` of them make `span`."""
    rough = span / max(about, 1)
    power = 10.0 ** floor(log10(rough))
    return next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough * 0.999)


def nice_ticks(low: float, high: float, about: int) -> list[float]:
    """Round values in [low, high], about `about` of them."""
    if high <= low:
        return [low]
    step = nice_step(high - low, about)
    first = ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, floor(high / step + 1e-9) + 1)]


def whole_ticks(high: int, about: int) -> list[float]:
    """Whole numbers from 0 to at least `high`."""
    step = max(1.0, nice_step(max(high, 1), about))
    step = float(ceil(step))
    return [n * step for n in range(ceil(max(high, 1) / step) + 1)]


def log_ticks(first: float, high: float) -> list[float]:
    """Powers of ten in [first, high], and 2 and 5 times them where there are few."""
    powers = range(floor(log10(first)), ceil(log10(high)) + 1)
    decades = [10.0**n for n in powers if first <= 10.0**n <= high]
    if len(decades) >= 4:
        return decades
    fine = [times * 10.0**n for n in powers for times in (1, 2, 5)]
    return [value for value in fine if first <= value <= high] or [first]


def step_scale(steps: Sequence[int], start: float, end: float, is_log: bool) -> StepScale:
    """Where training steps stand between `start` and `end`: the first one and the last one at the ends."""
    positive = [step for step in steps if step > 0]
    if is_log and len(positive) > 1:
        gap = (end - start) * 0.07 if steps[0] == 0 else 0.0
        return LogSteps(positive[0], positive[-1], start, end, gap)
    low = 0 if steps[0] < steps[-1] * 0.25 else steps[0]
    return Scale(low, max(steps[-1], low + 1), start, end)


def step_ticks(steps: Sequence[int], about: int, is_log: bool) -> list[float]:
    """The ticks of `step_scale`."""
    positive = [step for step in steps if step > 0]
    if is_log and len(positive) > 1:
        return [*([0.0] if steps[0] == 0 else []), *log_ticks(positive[0], positive[-1])]
    low = 0 if steps[0] < steps[-1] * 0.25 else steps[0]
    return nice_ticks(low, steps[-1], about)


def short_number(value: float) -> str:
    """A tick's label: "0", "500", "1.5k", "143k", "2M", "10B"."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            unit = 1e3 if letter == "k" else size
            return f"{value / unit:.4g}".replace("-", "\N{MINUS SIGN}") + letter
    return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}")
