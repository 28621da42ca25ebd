"""The frame of a plot by training step, of accuracy as a rule: where things stand, the grid, ticks, their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor

from evaluator.report.drawing.scales import (
    Scale,
    StepScale,
    short_number,
    step_scale,
    step_ticks,
)
from evaluator.report.drawing.shapes import label, line
from evaluator.report.wording import share_text

WIDE_LETTER, NARROW_LETTER = 6.6, 11.0
"""User units of one digit, on a wide page and on a phone, where the style makes letters larger in the drawing."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing of `width` by `height` user units whose axes enclose [left, right] × [top, bottom]."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    steps: tuple[int, ...]
    low: float
    """The accuracy, or another value, at the bottom."""
    is_log: bool = False
    high: float = 1.0
    """At the top."""

    @property
    def x(self) -> StepScale:
        """Where a training step stands."""
        return step_scale(self.steps, self.left, self.right, self.is_log)

    @property
    def y(self) -> Scale:
        """Where an accuracy, or another value, stands."""
        return Scale(self.low, self.high, self.bottom, self.top)

    def points(self, steps: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
        """Places of a curve."""
        x, y = self.x, self.y
        return [(x(step), y(value)) for step, value in zip(steps, values, strict=True)]


def lowest(accuracies: Sequence[float]) -> float:
    """The bottom of the accuracy axis: .4, or lower where a curve needs it."""
    found = min((value for value in accuracies if value == value), default=0.5)
    return max(0.0, min(0.4, floor(found * 10 - 0.2) / 10))


def grid(frame: Frame) -> str:
    """Horizontal lines and the labels of accuracies, a line for chance, and training steps below."""
    return accuracy_axis(frame) + step_axis(frame)


def accuracy_axis(frame: Frame) -> str:
    """Lines at each tenth, every second labelled on a phone; the axis's name above them."""
    ticks = [tenth / 10 for tenth in range(round(frame.low * 10), 11)]
    lines = "".join(
        line((frame.left, frame.y(tick)), (frame.right, frame.y(tick)), "chance" if tick == 0.5 else "grid")
        for tick in ticks
    )
    # On a phone every second, counted from .5 so that chance keeps its label, and not the one beside the first step's.
    labels = "".join(
        label(
            (frame.left - 7, frame.y(tick) + 4), share_text(tick, 1), _fine(at == 0 or round(tick * 10) % 2 == 0), "end"
        )
        for at, tick in enumerate(ticks)
    )
    return lines + labels + label((frame.left - 30, frame.top - 11), "accuracy", "axis")


def step_axis(frame: Frame, name: str = "training step") -> str:
    """The base line, ticks, as many labels as have room, and what is counted."""
    ticks = step_ticks(frame.steps, 6, frame.is_log)
    x = frame.x
    marks = "".join(line((x(tick), frame.bottom), (x(tick), frame.bottom + 4), "base") for tick in ticks)
    labels = [short_number(tick) for tick in ticks]
    wide = _with_room([x(tick) for tick in ticks], labels, WIDE_LETTER)
    narrow = _with_room([x(tick) for tick in ticks], labels, NARROW_LETTER)
    text = "".join(
        label((x(tick), frame.bottom + 17), labels[at], _fine(at not in narrow), "middle")
        for at, tick in enumerate(ticks)
        if at in wide
    )
    scale = ", log scale" if frame.is_log else ""
    base = line((frame.left, frame.bottom), (frame.right, frame.bottom), "base")
    return base + marks + text + label((frame.right, frame.bottom + 34), f"{name}{scale}", "axis", "end")


def right_axis(frame: Frame, scale: Scale, ticks: Sequence[float], name: str, shorten: Callable[[float], str]) -> str:
    """Labels of a second scale at the right, and its name above."""
    labels = "".join(
        label((frame.right + 7, scale(tick) + 4), shorten(tick), "tick right" if tick else "tick right fine")
        for tick in ticks
    )
    return labels + label((frame.width, frame.top - 11), name, "axis right", "end")


def _with_room(places: Sequence[float], labels: Sequence[str], letter: float) -> set[int]:
    """Which labels stand clear of each other, from the left; the last one is dropped rather than the one before."""
    kept: set[int] = set()
    free_from = float("-inf")
    for at, (place, text) in enumerate(zip(places, labels, strict=True)):
        half = (len(text) * letter) / 2
        if place - half >= free_from:
            kept.add(at)
            free_from = place + half + letter
    return kept


def _fine(is_fine: bool) -> str:
    """The class of a tick's label; fine ones are hidden on a phone."""
    return "tick fine" if is_fine else "tick"
