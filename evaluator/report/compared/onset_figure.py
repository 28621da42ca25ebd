"""Tokens until a run first reaches θ against batch × context, both logarithmic: the slope is α."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, log10

from evaluator.compared.exponents import HYPOTHESES, FamilyExponent
from evaluator.measures.onset.run_event import RunEvent
from evaluator.report.compared.phrases import theta_text
from evaluator.report.drawing.scales import Scale, log_ticks, short_number
from evaluator.report.drawing.shapes import diamond, label, line, polyline, svg

WIDTH, HEIGHT = 480.0, 284.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 440.0, 36.0, 236.0
ARROW = 9.0


@dataclass(frozen=True)
class Plane:
    """log10 of batch × context to the right, of tokens upwards."""

    x: Scale
    y: Scale

    def at(self, size: float, tokens: float) -> tuple[float, float]:
        """A place."""
        return self.x(log10(size)), self.y(log10(tokens))


def onset_figure(one: FamilyExponent, classes: Mapping[str, str]) -> str:
    """Each run's interval of tokens, and through their middle the slopes that are claimed. "" without an exponent."""
    held = [(step.run.name, event) for step in one.events if (event := step.event) is not None and _says(event)]
    if one.found is None or not held:
        return ""
    plane = _plane([event for _, event in held])
    centre = _centre([event for _, event in held])
    drawn = [
        _axes(plane),
        *(_slope(plane, centre, alpha, "claim", f"{alpha:g}") for alpha in HYPOTHESES.values()),
        _slope(plane, centre, one.found.estimate, "fitted", "") if one.found.estimate is not None else "",
        *(_interval(plane, event, classes[name]) for name, event in held),
    ]
    title = f"{one.quantity.title}: tokens until {theta_text(one.theta)} by tokens of an update, {len(held)} runs"
    return svg(WIDTH, HEIGHT, title, *drawn, class_="plot big")


def _says(event: RunEvent) -> bool:
    """Anything: that an event is after step 0 alone says nothing."""
    low, high = event.tokens
    return low > 0 or isfinite(high)


def _plane(events: Sequence[RunEvent]) -> Plane:
    sizes = [log10(event.tokens_per_update) for event in events]
    ends = [log10(end) for event in events for end in event.tokens if isfinite(end) and end > 0]
    x, y = (_padded(min(found), max(found)) for found in (sizes, ends))
    return Plane(Scale(*x, LEFT, RIGHT), Scale(*y, BOTTOM, TOP))


def _padded(low: float, high: float) -> tuple[float, float]:
    pad = max(0.15, 0.12 * (high - low))
    return low - pad, high + pad


def _centre(events: Sequence[RunEvent]) -> tuple[float, float]:
    """(batch × context, tokens) in the middle of the intervals that are known."""
    seen = [event for event in events if event.tokens[0] > 0 and event.tokens[1] < inf] or list(events)
    size = exp(sum(log(event.tokens_per_update) for event in seen) / len(seen))
    middles = [log(end) for event in seen for end in event.tokens if 0 < end < inf]
    return size, exp(sum(middles) / len(middles))


def _slope(plane: Plane, centre: tuple[float, float], alpha: float, class_: str, words: str) -> str:
    """The law of one α through the centre, as far as it stays in the drawing."""
    size, tokens = centre
    low, high = plane.x.low, plane.x.high
    if alpha:
        across = sorted((end - log10(tokens)) / alpha + log10(size) for end in (plane.y.low, plane.y.high))
        low, high = max(low, across[0]), min(high, across[1])
    ends = [(10**at, tokens * (10**at / size) ** alpha) for at in (low, high)]
    start, end = (plane.at(*one) for one in ends)
    return line(start, end, class_) + (label((end[0] + 5, end[1] + 4), words, "tick") if words else "")


def _interval(plane: Plane, event: RunEvent, class_: str) -> str:
    """From the checkpoint before to the first one; an arrow where an end is not known."""
    low, high = event.tokens
    size = event.tokens_per_update
    x, top = plane.at(size, high) if isfinite(high) else (plane.at(size, low)[0], plane.at(size, low)[1] - ARROW)
    bottom = plane.at(size, low)[1] if low > 0 else top + ARROW
    parts = line((x, bottom), (x, top), f"span {class_}")
    if isfinite(high):
        return parts + diamond((x, top), 3.6, f"mark {class_}")
    return parts + polyline([(x - 4, top + 4), (x, top), (x + 4, top + 4)], f"curve {class_}")


def _axes(plane: Plane) -> str:
    parts = [line((LEFT, BOTTOM), (RIGHT, BOTTOM), "base"), label((4, TOP - 13), "tokens", "axis")]
    for tick in log_ticks(10**plane.y.low, 10**plane.y.high):
        y = plane.y(log10(tick))
        parts += [
            line((LEFT, y), (RIGHT, y), "grid"),
            label((LEFT - 7, y + 4), short_number(tick), "tick", "end"),
        ]
    for tick in log_ticks(10**plane.x.low, 10**plane.x.high):
        x = plane.x(log10(tick))
        parts += [
            line((x, BOTTOM), (x, BOTTOM + 4), "base"),
            label((x, BOTTOM + 17), short_number(tick), "tick", "middle"),
        ]
    name = label((RIGHT, BOTTOM + 40), "batch × context, log scale", "axis", "end")
    return "".join([*parts, name])
