"""One quantity of several runs, a line each, over training steps or over tokens."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.compared.comparable import Comparable
from evaluator.compared.curves import Curve
from evaluator.report.drawing.frame import Frame, step_axis
from evaluator.report.drawing.shapes import polyline, svg
from evaluator.report.drawing.value_axis import ValueAxis, fitting_axis, value_axis
from evaluator.scored import Integers

WIDTH, HEIGHT = 480.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 464.0, 36.0, 236.0

STEPS, TOKENS = "training step", "tokens"


def over_steps(held: Comparable, classes: Mapping[str, str]) -> str:
    """The figure twice, linear and logarithmic, of which the page shows one."""
    return _both(held, [(one, one.steps) for one in held.curves], STEPS, classes)


def over_tokens(held: Comparable, classes: Mapping[str, str]) -> str:
    """The same over tokens, of the runs whose batch and context are known; "" where that is none."""
    places = [(one, tokens) for one in held.curves if (tokens := one.tokens) is not None]
    return _both(held, places, TOKENS, classes) if places else ""


def _both(held: Comparable, places: list[tuple[Curve, Integers]], across: str, classes: Mapping[str, str]) -> str:
    values = [value for one in held.curves for value in one.values.tolist()]
    # at least up to the lowest θ: what stays far below it is no rise
    axis = fitting_axis(held.quantity.axis, values, 0.0, held.quantity.thetas[0])
    return "".join(_plot(held, places, across, classes, axis, is_log) for is_log in (False, True))


def _plot(
    held: Comparable,
    places: list[tuple[Curve, Integers]],
    across: str,
    classes: Mapping[str, str],
    axis: ValueAxis,
    is_log: bool,
) -> str:
    marks = tuple(sorted({place for _, found in places for place in found.tolist()}))
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, marks, axis.low, is_log, axis.high)
    lines = (
        polyline(frame.points(found.tolist(), one.values.tolist()), f"curve {classes[one.run.name]}")
        for one, found in places
    )
    title = f"{held.quantity.title} by {across}, {len(places)} runs"
    kind = "log" if is_log else "linear"
    return svg(
        WIDTH, HEIGHT, title, value_axis(frame, axis), step_axis(frame, across), *lines, class_=f"plot big {kind}"
    )
