"""Overall accuracy by training step: one run with its interval, or several and their median."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.report.drawing.frame import Frame, grid, lowest
from evaluator.report.drawing.shapes import Point, band, dots, polyline, svg
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.median_curve import median_curve
from evaluator.report.wording import share_text
from evaluator.scored import Floats, Integers

WIDTH, HEIGHT = 640.0, 280.0


def overall_figure(runs: Sequence[EvaluatedRun]) -> str:
    """The macro mean over paradigms of every run."""
    steps = tuple(sorted({step for run in runs for step in run.steps.tolist()}))
    low = lowest([value for run in runs for value in run.overall.macro_low.tolist()])
    frame = Frame(WIDTH, HEIGHT, 40, 626, 34, 236, steps, low)
    drawn = _one(frame, runs[0]) if len(runs) == 1 else _several(frame, runs)
    ends = ", ".join(f"{share_text(float(run.overall.macro[-1]))} ({run.name})" for run in runs)
    return svg(
        WIDTH, HEIGHT, f"Overall accuracy by training step, in the end {ends}", grid(frame), drawn, class_="plot"
    )


def _one(frame: Frame, run: EvaluatedRun) -> str:
    group = run.overall
    points = _points(frame, run.steps, group.macro)
    high, low = (_points(frame, run.steps, values) for values in (group.macro_high, group.macro_low))
    return band(high, low, "band all") + polyline(points, "curve all") + dots(points, 2.3, "dots all")


def _several(frame: Frame, runs: Sequence[EvaluatedRun]) -> str:
    held = [(run.steps, run.overall.macro) for run in runs]
    thin = "".join(polyline(_points(frame, *one), "thin all") for one in held)
    return thin + polyline(_points(frame, *median_curve(held)), "curve all")


def _points(frame: Frame, steps: Integers, values: Floats) -> list[Point]:
    return frame.points(steps.tolist(), values.tolist())
