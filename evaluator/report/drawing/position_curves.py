"""Accuracy by the place of what is asked for in the context, one line a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.report.drawing.frame import Frame
from evaluator.report.drawing.scales import Scale
from evaluator.report.drawing.shapes import label, line, polyline, svg
from evaluator.report.drawing.step_curves import LINES
from evaluator.report.drawing.value_axis import ValueAxis, value_axis

WIDTH, HEIGHT = 300.0, 176.0

Held = tuple[str, Sequence[float]]
"""What a line is called, and its values [position]."""


def position_curves(title: str, positions: Sequence[int], lines: Sequence[Held]) -> str:
    """Values in 0 … 1 by position; each line is named at its right end where names do not collide."""
    axis = ValueAxis("copied", 0, 1)
    frame = Frame(WIDTH, HEIGHT, 26, WIDTH - 36, 24, 142, (0, 1), 0.0)
    x = Scale(min(positions), max(max(positions), min(positions) + 1), frame.left, frame.right)
    drawn = [
        polyline([(x(at), frame.y(value)) for at, value in zip(positions, values, strict=True)], f"curve {class_}")
        for class_, (_, values) in zip(_classes(len(lines)), lines, strict=True)
    ]
    return svg(
        WIDTH, HEIGHT, title, value_axis(frame, axis), _axis(frame, x, positions), *drawn, _names(frame, lines),
        class_="plot small",
    )  # fmt: skip


def _classes(number: int) -> list[str]:
    return [LINES[at % len(LINES)] for at in range(number)]


def _axis(frame: Frame, x: Scale, positions: Sequence[int]) -> str:
    base = line((frame.left, frame.bottom), (frame.right, frame.bottom), "base")
    labels = "".join(
        label((x(at), frame.bottom + 13), str(at), "tick fine" if place % 2 == 0 else "tick", "middle")
        for place, at in enumerate(positions)
    )
    name = label((frame.right, frame.bottom + 27), "place of the sequence in the context", "axis", "end")
    return base + labels + name


def _names(frame: Frame, lines: Sequence[Held]) -> str:
    """The last checkpoint's first, then those that have room."""
    found, taken = [], list[float]()
    for name, values in reversed(lines):
        y = frame.y(values[-1])
        if all(abs(y - other) >= 10 for other in taken):
            found.append(label((frame.right + 5, y + 4), name, "tick"))
            taken.append(y)
    return "".join(found)
