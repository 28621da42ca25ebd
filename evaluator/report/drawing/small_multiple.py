"""Small curves for a grid of many: no more than is needed to see which to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluator.report.drawing.frame import Frame, lowest
from evaluator.report.drawing.paradigm_figure import Part
from evaluator.report.drawing.scales import short_number
from evaluator.report.drawing.shapes import Point, band, label, line, polyline, svg
from evaluator.report.wording import share_text
from evaluator.scored import Floats, Integers

WIDTH, HEIGHT = 180.0, 104.0
LEFT, RIGHT, TOP, BOTTOM = 20.0, 176.0, 8.0, 88.0

Line = tuple[Part, Integers, Floats]
"""Part, steps [checkpoint], accuracies [checkpoint]."""

Area = tuple[Part, Integers, Floats, Floats]
"""Part, steps, low and high ends [checkpoint]."""


def small_multiple(
    title: str,
    lines: Sequence[Line],
    low: float,
    areas: Sequence[Area] = (),
    threshold: float | None = None,
    runs: Sequence[Line] = (),
) -> str:
    """Curves over training steps, with chance, the threshold, and the two ends of each axis.

    `low` is the bottom of the axis of accuracies: the same for all that stand in one grid, see `shared_low`. `runs`
    are drawn thin, below the lines.
    """
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, _all_steps([*lines, *runs]), low)
    parts = [
        _axes(frame, threshold),
        *(band(_points(frame, of, high), _points(frame, of, low), f"band {part}") for part, of, low, high in areas),
        *(polyline(_points(frame, of, held), f"thin {part}") for part, of, held in runs),
        *(polyline(_points(frame, of, held), f"curve {part}") for part, of, held in lines),
    ]
    return svg(WIDTH, HEIGHT, title, *parts, class_="plot small")


def shared_low(cells: Iterable[Sequence[Line]]) -> float:
    """The bottom of an axis on which all these curves stand."""
    return lowest([value for lines in cells for _, _, held in lines for value in held.tolist()])


def _all_steps(lines: Sequence[Line]) -> tuple[int, ...]:
    return tuple(sorted({step for _, steps, _ in lines for step in steps.tolist()}))


def _points(frame: Frame, steps: Integers, values: Floats) -> list[Point]:
    return frame.points(steps.tolist(), values.tolist())


def _axes(frame: Frame, threshold: float | None) -> str:
    across = [(frame.low, "base"), (1.0, "grid"), *([(0.5, "chance")] if frame.low < 0.5 else [])]
    lines = "".join(line((frame.left, frame.y(at)), (frame.right, frame.y(at)), class_) for at, class_ in across)
    if threshold is not None:
        lines += line((frame.left, frame.y(threshold)), (frame.right, frame.y(threshold)), "threshold")
    sides = "".join(
        label((frame.left - 4, frame.y(at) + 3), share_text(at, 1) if at < 1 else "1", "tick", "end") for at in (0.5, 1)
    )
    feet = [(frame.left, frame.steps[0], None), (frame.right, frame.steps[-1], "end")]
    return lines + sides + "".join(label((x, frame.bottom + 12), short_number(at), "tick", a) for x, at, a in feet)
