"""Figure 1 of Muckatira et al. (2026, arXiv 2606.00230) for any paradigm: accuracy of proxy-train and
proxy-validation by training step, and behind them how many pairs had been exposed, with an axis of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evaluator.accuracy import AccuracyCurve
from evaluator.delay_report import HalfRiseLag, ThresholdLag
from evaluator.half_rise import HalfRise
from evaluator.report.drawing.frame import NARROW_LETTER, Frame, grid, lowest, right_axis
from evaluator.report.drawing.scales import Scale, short_number, whole_ticks
from evaluator.report.drawing.shapes import band, boxes, diamond, dots, label, line, polyline, svg
from evaluator.report.wording import lag_text, threshold_text
from evaluator.scored import Integers

Part = Literal["train", "validation", "all"]

WIDTH, HEIGHT = 640.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 594.0, 34.0, 296.0

BAR_SHARE = 0.62
"""Of the plot's height, for the tallest bar: curves are read above them."""


@dataclass(frozen=True)
class Plotted:
    """What is drawn of one paradigm in one run."""

    title: str
    curves: tuple[tuple[Part, AccuracyCurve], ...]
    exposed: Integers | None = None  # [checkpoint]
    at_threshold: ThresholdLag | None = None
    half_rise: HalfRiseLag | None = None
    threshold: float | None = None
    """The τ that is drawn even where there is no lag."""


def paradigm_figure(plotted: Plotted, is_log: bool = False) -> str:
    """The figure as one SVG."""
    steps = plotted.curves[0][1].steps.tolist()
    bounds = [value for _, curve in plotted.curves for value in _all_values(curve)]
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, tuple(steps), lowest(bounds), is_log)
    layers = [
        exposure_bars(frame, steps, plotted.exposed),
        grid(frame),
        _threshold(frame, plotted.threshold),
        *(_bands(frame, part, curve) for part, curve in plotted.curves),
        _crossings(frame, plotted.at_threshold),
        *(_curve(frame, part, curve) for part, curve in plotted.curves),
        _half_rises(frame, plotted.half_rise),
        _lag(frame, plotted.at_threshold),
    ]
    kind = "log" if is_log else "linear"
    return svg(WIDTH, HEIGHT, plotted.title, *layers, class_=f"plot big {kind}", describe=_description(plotted))


def _all_values(curve: AccuracyCurve) -> Iterator[float]:
    for values in (curve.accuracy, curve.wilson_low, curve.bootstrap_low):
        yield from values.tolist()


def _description(plotted: Plotted) -> str:
    said = [
        f"{_NAMES[part]} from {curve.accuracy[0]:.3f} to {curve.accuracy[-1]:.3f}" for part, curve in plotted.curves
    ]
    return "; ".join(said) + ". The figures are in the table below the plot."


_NAMES: dict[Part, str] = {"train": "proxy-train", "validation": "proxy-validation", "all": "all pairs"}


def exposure_bars(frame: Frame, steps: Sequence[int], exposed: Integers | None) -> str:
    """Cumulative counts at `steps`: each bar stands from the checkpoint before it to its own."""
    if exposed is None or not exposed[-1]:
        return ""
    ticks = whole_ticks(int(exposed[-1]), 3)
    top = frame.bottom - (frame.bottom - frame.top) * BAR_SHARE
    scale = Scale(0, ticks[-1], frame.bottom, top)
    x = frame.x
    corners = [
        (x(before) + 0.4, scale(count), max(x(step) - 0.4, x(before) + 0.6), frame.bottom)
        for before, step, count in zip(steps[:-1], steps[1:], exposed.tolist()[1:], strict=True)
        if count
    ]
    return boxes(corners, "bars") + right_axis(frame, scale, ticks, "exposed pairs", short_number)


def _bands(frame: Frame, part: Part, curve: AccuracyCurve) -> str:
    steps = curve.steps.tolist()
    kinds = {
        "bootstrap": (curve.bootstrap_high, curve.bootstrap_low),
        "wilson": (curve.wilson_high, curve.wilson_low),
    }
    return "".join(
        band(frame.points(steps, high.tolist()), frame.points(steps, low.tolist()), f"band {part} {kind}")
        for kind, (high, low) in kinds.items()
    )


def _curve(frame: Frame, part: Part, curve: AccuracyCurve) -> str:
    points = frame.points(curve.steps.tolist(), curve.accuracy.tolist())
    return polyline(points, f"halo {part}") + polyline(points, f"curve {part}") + dots(points, 2.3, f"dots {part}")


def _threshold(frame: Frame, threshold: float | None) -> str:
    if threshold is None:
        return ""
    y = frame.y(threshold)
    words = label((frame.left + 5, y - 5), threshold_text(threshold), "note threshold")
    return line((frame.left, y), (frame.right, y), "threshold") + words


def _crossings(frame: Frame, lag: ThresholdLag | None) -> str:
    """Where each part crosses: a line down from the checkpoint, and at τ the interval in which it happened."""
    if lag is None:
        return ""
    x, y = frame.x, frame.y(lag.threshold)
    found = []
    for part, crossing in (("train", lag.train), ("validation", lag.validation)):
        if crossing.step is None:
            continue
        after = crossing.after if crossing.after is not None else crossing.step
        found.append(line((x(crossing.step), y), (x(crossing.step), frame.bottom), f"drop {part}"))
        found.append(line((x(after), y), (x(crossing.step), y), f"censored {part}"))
    return "".join(found)


def _half_rises(frame: Frame, lag: HalfRiseLag | None) -> str:
    if lag is None:
        return ""
    sides: list[tuple[str, HalfRise]] = [("train", lag.train), ("validation", lag.validation)]
    return "".join(
        diamond((frame.x(side.step), frame.y((side.first + side.plateau) / 2)), 5, f"half {part}")
        for part, side in sides
        if side.step is not None
    )


def _lag(frame: Frame, lag: ThresholdLag | None) -> str:
    """Between the two crossings, at the foot: an arrow from proxy-train to proxy-validation, and the lag."""
    if lag is None or (lag.train.step is None and lag.validation.step is None):
        return ""
    y = frame.bottom - 11
    ends = [frame.x(one.step) if one.step is not None else frame.right for one in (lag.train, lag.validation)]
    text = f"lag {lag_text(lag.lag.steps)}"
    start, end = ends
    words = _beside(frame, min(ends), max(ends), y, text)
    if abs(end - start) < 9:
        return words
    tip = 5 if end > start else -5
    head = polyline([(end - tip, y - 3.5), (end, y), (end - tip, y + 3.5)], "arrow")
    return line((start, y), (end, y), "arrow") + head + words


def _beside(frame: Frame, left: float, right: float, y: float, text: str) -> str:
    """Text over the middle of [left, right] where it fits, else to its right, or its left near the edge."""
    size = len(text) * NARROW_LETTER
    if right - left > size + 12:
        return label(((left + right) / 2, y - 6), text, "note lag", "middle")
    if right + size + 8 < frame.right:
        return label((right + 7, y + 4), text, "note lag")
    return label((left - 7, y + 4), text, "note lag", "end")
