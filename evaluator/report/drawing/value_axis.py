"""The upright axis of a plot of anything but accuracies: its range, lines at round values, labels, a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite

from evaluator.report.drawing.frame import Frame
from evaluator.report.drawing.scales import nice_step, nice_ticks
from evaluator.report.drawing.shapes import label, line
from evaluator.report.wording import MINUS


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """From `low` to `high`, and what it is called."""

    name: str
    low: float
    high: float
    marked: tuple[float, ...] = ()
    """Values whose line is dotted, as that of chance."""
    is_whole: bool = False
    """Whether only whole numbers are labelled."""


def fitting_axis(
    name: str, values: Iterable[float | None], *within: float, marked: tuple[float, ...] = ()
) -> ValueAxis:
    """An axis that holds all finite `values`, and `within` whatever they are; its ends are round."""
    held = [value for value in (*values, *within, *marked) if value is not None and isfinite(value)] or [0.0, 1.0]
    low, high = min(held), max(held)
    step = nice_step((high - low) or 1.0, 5)
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    return ValueAxis(name, round(bottom, 10), round(top if top > bottom else bottom + step, 10), marked)


def value_axis(frame: Frame, axis: ValueAxis) -> str:
    """Lines and labels at round values, every second label on a phone; the axis's name above them."""
    ticks = [tick for tick in nice_ticks(axis.low, axis.high, 6) if not axis.is_whole or tick == int(tick)]
    lines = "".join(
        line((frame.left, frame.y(tick)), (frame.right, frame.y(tick)), "chance" if tick in axis.marked else "grid")
        for tick in dict.fromkeys([*ticks, *axis.marked])
    )
    labels = "".join(
        label((frame.left - 7, frame.y(tick) + 4), tick_text(tick), "tick fine" if at % 2 else "tick", "end")
        for at, tick in enumerate(ticks)
    )
    return lines + labels + label((4, frame.top - 13), axis.name, "axis")


def tick_text(value: float) -> str:
    """A tick's label: "0", ".5", "−1", "12"."""
    text = f"{value + 0.0:.4g}".replace("-", MINUS)
    return text.replace("0.", ".", 1) if text.lstrip(MINUS).startswith("0.") else text
