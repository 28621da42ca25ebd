"""The elements of a plot. Places are user units of the SVG, rounded to a tenth: same arguments, same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import hypot, isfinite

from evaluator.report.markup import safe, tag

Point = tuple[float, float]


def place(value: float) -> str:
    """A coordinate: one decimal, none where it is whole."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def svg(width: float, height: float, title: str, *children: str, class_: str, describe: str | None = None) -> str:
    """A drawing of `width` by `height` user units that says what it shows to those who cannot see it."""
    words = [tag("title", safe(title)), *([tag("desc", safe(describe))] if describe else [])]
    view = f"0 0 {place(width)} {place(height)}"
    return tag("svg", *words, *children, class_=class_, viewBox=view, role="img", aria_label=title)


def line(start: Point, end: Point, class_: str) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    return tag("line", x1=place(x1), y1=place(y1), x2=place(x2), y2=place(y2), class_=class_)


def label(at: Point, text: str, class_: str, anchor: str | None = None) -> str:
    """Text at its baseline; `anchor` is middle or end."""
    return tag("text", safe(text), x=place(at[0]), y=place(at[1]), class_=class_, text_anchor=anchor)


def rectangle(x: float, y: float, width: float, height: float, class_: str, radius: float | None = None) -> str:
    """A rectangle by its upper left corner."""
    size = {"width": place(max(width, 0)), "height": place(max(height, 0))}
    return tag("rect", x=place(x), y=place(y), **size, class_=class_, rx=None if radius is None else place(radius))


def polyline(points: Iterable[Point], class_: str) -> str:
    """A line through `points`, broken where one is not finite; nothing where there is none."""
    runs = _finite_runs(points)
    return tag("path", d="".join("M" + "L".join(map(_pair, run)) for run in runs), class_=class_) if runs else ""


def band(upper: Sequence[Point], lower: Sequence[Point], class_: str) -> str:
    """The area between two lines over the same x, without the places where either is not finite."""
    both = [(x, high, low) for (x, high), (_, low) in zip(upper, lower, strict=True) if isfinite(high + low)]
    if not both:
        return ""
    there = "L".join(_pair((x, high)) for x, high, _ in both)
    back = "L".join(_pair((x, low)) for x, _, low in reversed(both))
    return tag("path", d=f"M{there}L{back}Z", class_=class_)


def dots(points: Iterable[Point], radius: float, class_: str) -> str:
    """Small discs, as one path; those that would hide the one before are left out."""
    r, d = place(radius), place(2 * radius)
    held: list[Point] = []
    for x, y in points:
        if isfinite(x + y) and (not held or hypot(x - radius - held[-1][0], y - held[-1][1]) > 2.6 * radius):
            held.append((x - radius, y))
    path = "".join(f"M{_pair(point)}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0" for point in held)
    return tag("path", d=path, class_=class_) if held else ""


def diamond(at: Point, radius: float, class_: str) -> str:
    """A square on its corner."""
    x, y = at
    corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    return tag("path", d="M" + "L".join(map(_pair, corners)) + "Z", class_=class_)


def boxes(corners: Iterable[tuple[float, float, float, float]], class_: str) -> str:
    """Rectangles (left, top, right, bottom), as one path."""
    path = "".join(
        f"M{place(x1)} {place(y1)}H{place(x2)}V{place(y2)}H{place(x1)}Z" for x1, y1, x2, y2 in corners if y2 > y1
    )
    return tag("path", d=path, class_=class_) if path else ""


def _pair(point: Point) -> str:
    return f"{place(point[0])} {place(point[1])}"


def _finite_runs(points: Iterable[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if isfinite(point[0] + point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
