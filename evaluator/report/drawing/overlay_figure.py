"""Figure 1 over several runs: thin curves, one a run, and their medians."""

from __future__ import annotations

import numpy as np

from evaluator.report.drawing.frame import Frame, grid, lowest
from evaluator.report.drawing.paradigm_figure import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Part, exposure_bars
from evaluator.report.drawing.shapes import Point, label, line, polyline, svg
from evaluator.report.median_curve import median_curve
from evaluator.report.sheet import Sheet, View
from evaluator.report.wording import threshold_text
from evaluator.scored import Floats, Integers

Held = dict[Part, list[tuple[Integers, Floats]]]


def overlay_figure(sheet: Sheet, is_log: bool = False) -> str:
    """The figure as one SVG."""
    held = curves_by_part(sheet)
    steps = tuple(sorted({step for curves in held.values() for found, _ in curves for step in found.tolist()}))
    low = lowest([value for curves in held.values() for _, found in curves for value in found.tolist()])
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, steps, low, is_log)
    runs = "".join(
        polyline(_points(frame, *one), f"thin {part}") for part, curves in held.items() for one in curves
    )  # fmt: skip
    middle = "".join(polyline(_points(frame, *median_curve(curves)), f"curve {part}") for part, curves in held.items())
    title = f"{sheet.uid}: accuracy by training step, {len(sheet.views)} runs and their median"
    behind = [_bars(frame, sheet), grid(frame), _threshold(frame, sheet)]
    kind = "log" if is_log else "linear"
    return svg(WIDTH, HEIGHT, title, *behind, runs, middle, class_=f"plot big {kind}")


def curves_by_part(sheet: Sheet) -> Held:
    """The curves of all runs: of both parts where a run has them, else of all pairs."""
    held: Held = {}
    for view in sheet.views:
        delay = view.delay
        if delay is None or not (delay.train.pairs[0] or delay.validation.pairs[0]):
            held.setdefault("all", []).append((view.everything.steps, view.everything.accuracy))
            continue
        if delay.train.pairs[0]:
            held.setdefault("train", []).append((delay.train.steps, delay.train.accuracy))
        if delay.validation.pairs[0]:
            held.setdefault("validation", []).append((delay.validation.steps, delay.validation.accuracy))
    return held


def _bars(frame: Frame, sheet: Sheet) -> str:
    """The exposures of the run with the most checkpoints, where all runs agree on them: seeds of one data order."""
    held = [view for view in sheet.views if view.exposed is not None]
    if len(held) < len(sheet.views):
        return ""
    counts = [dict(zip(view.everything.steps.tolist(), _counts(view), strict=True)) for view in held]
    most = max(counts, key=len)
    if any(most.get(step, count) != count for one in counts for step, count in one.items()):
        return ""
    steps = sorted(most)
    return exposure_bars(frame, steps, np.array([most[step] for step in steps], dtype=np.int64))


def _counts(view: View) -> list[int]:
    return [] if view.exposed is None else view.exposed.tolist()


def _threshold(frame: Frame, sheet: Sheet) -> str:
    if all(view.delay is None for view in sheet.views):
        return ""
    threshold = sheet.views[0].threshold
    y = frame.y(threshold)
    words = label((frame.left + 5, y - 5), threshold_text(threshold), "note threshold")
    return line((frame.left, y), (frame.right, y), "threshold") + words


def _points(frame: Frame, steps: Integers, values: Floats) -> list[Point]:
    return frame.points(steps.tolist(), values.tolist())
