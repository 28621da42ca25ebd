"""Curves of any value by training step, several in one plot, with bands where they have intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.report.drawing.frame import Frame, step_axis
from evaluator.report.drawing.shapes import band, dots, label, polyline, svg
from evaluator.report.drawing.value_axis import ValueAxis, value_axis

WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 620.0, 36.0, 256.0

LINES = ("one", "two", "three", "four", "five")
"""Classes of curves in the order in which a plot takes them: each has a colour and a dash of its own."""


@dataclass(frozen=True)
class Curve:
    """One line; NaN breaks it."""

    name: str
    class_: str
    """One of LINES."""
    steps: Sequence[int]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    is_bare: bool = False
    """Without dots, as a curve of many."""


@dataclass(frozen=True)
class Area:
    """A band that belongs to no curve, such as that of permuted labels."""

    steps: Sequence[int]
    low: Sequence[float]
    high: Sequence[float]


def step_curves(
    title: str,
    curves: Sequence[Curve],
    axis: ValueAxis,
    areas: Sequence[Area] = (),
    ends: Sequence[tuple[float, str]] = (),
    describe: str | None = None,
) -> str:
    """The plot twice, steps linear and logarithmic, of which the page shows one. `ends`: values named at the right."""
    return "".join(_plot(title, curves, axis, areas, ends, describe, is_log) for is_log in (False, True))


def _plot(
    title: str,
    curves: Sequence[Curve],
    axis: ValueAxis,
    areas: Sequence[Area],
    ends: Sequence[tuple[float, str]],
    describe: str | None,
    is_log: bool,
) -> str:
    steps = tuple(
        sorted({step for held in [*(one.steps for one in curves), *(one.steps for one in areas)] for step in held})
    )
    right = RIGHT - 34 if ends else RIGHT
    frame = Frame(WIDTH, HEIGHT, LEFT, right, TOP, BOTTOM, steps, axis.low, is_log, axis.high)
    parts = [
        *(band(frame.points(one.steps, one.high), frame.points(one.steps, one.low), "band null") for one in areas),
        value_axis(frame, axis),
        step_axis(frame),
        *(_band(frame, one) for one in curves),
        *(_curve(frame, one) for one in curves),
        _ends(frame, ends),
    ]
    return svg(WIDTH, HEIGHT, title, *parts, class_=f"plot big {'log' if is_log else 'linear'}", describe=describe)


def _band(frame: Frame, one: Curve) -> str:
    if not len(one.low):
        return ""
    return band(frame.points(one.steps, one.high), frame.points(one.steps, one.low), f"band {one.class_}")


def _curve(frame: Frame, one: Curve) -> str:
    points = frame.points(one.steps, one.values)
    if one.is_bare:
        return polyline(points, f"curve bare {one.class_}")
    return polyline(points, f"curve {one.class_}") + dots(points, 2.3, f"dots {one.class_}")


def _ends(frame: Frame, ends: Sequence[tuple[float, str]]) -> str:
    """Labels at the right end, the highest first; one that would stand on another is left out."""
    free, found = float("-inf"), []
    for value, text in sorted(ends, key=lambda one: -one[0]):
        y = frame.y(value)
        if y - free >= 12:
            found.append(label((frame.right + 5, y + 4), text, "tick fine"))
            free = y
    return "".join(found)
