"""Accuracy of a fixed cohort by the steps since it was first exposed."""

from __future__ import annotations

from itertools import pairwise

from evaluator.report.drawing.frame import Frame, accuracy_axis, lowest
from evaluator.report.drawing.scales import Scale, short_number
from evaluator.report.drawing.shapes import Point, band, dots, label, line, polyline, svg
from evaluator.scored import Floats
from evaluator.since_exposure import SinceExposure

WIDTH, HEIGHT = 640.0, 300.0


def since_figure(name: str, since: SinceExposure) -> str:
    """The figure as one SVG: a point in the middle of each bin."""
    values = [*since.bootstrap_low.tolist(), *since.never_exposed.tolist()]
    frame = Frame(WIDTH, HEIGHT, 40, 626, 34, 256, (0, 1), lowest(values))
    edges = since.edges.tolist()
    x = Scale(edges[0], edges[-1], frame.left, frame.right)
    middles = [(begin + end) / 2 for begin, end in pairwise(edges)]

    def points(held: Floats) -> list[Point]:
        return [(x(at), frame.y(value)) for at, value in zip(middles, held.tolist(), strict=True)]

    drawn = [
        accuracy_axis(frame),
        _axis(frame, x, edges),
        line((x(0), frame.top), (x(0), frame.bottom), "zero"),
        band(points(since.bootstrap_high), points(since.bootstrap_low), "band train"),
        polyline(points(since.never_exposed), "curve validation"),
        polyline(points(since.accuracy), "curve train"),
        dots(points(since.never_exposed), 2.6, "dots validation"),
        dots(points(since.accuracy), 2.6, "dots train"),
    ]
    title = f"{name}: accuracy by steps since first exposure, {since.pairs:,} pairs"
    return svg(WIDTH, HEIGHT, title, *drawn, class_="plot")


def _axis(frame: Frame, x: Scale, edges: list[int]) -> str:
    marks = "".join(line((x(edge), frame.bottom), (x(edge), frame.bottom + 4), "base") for edge in edges)
    labels = "".join(
        label((x(edge), frame.bottom + 17), short_number(edge), "tick" if at % 2 else "tick fine", "middle")
        for at, edge in enumerate(edges)
    )
    base = line((frame.left, frame.bottom), (frame.right, frame.bottom), "base")
    return base + marks + labels + label((frame.right, frame.bottom + 34), "steps since first exposure", "axis", "end")
