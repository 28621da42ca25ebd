"""A map of values in rows and columns: the stronger the colour the further from its zero; two colours for two signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from evaluator.report.drawing.scales import nice_step
from evaluator.report.drawing.shapes import label, place, rectangle, svg
from evaluator.report.drawing.value_axis import tick_text
from evaluator.report.markup import tag
from evaluator.scored import Floats

LEVELS = 12
"""Steps of a colour: cells of one step are one shape."""

LEFT, TOP, FOOT, LEGEND = 26.0, 6.0, 24.0, 13.0
LETTER = 5.6


@dataclass(frozen=True, slots=True)
class Colours:
    """From `low` over `zero`, which has no colour, to `high`; what lies beyond is as strong as the end."""

    low: float
    zero: float
    high: float

    def level(self, value: float) -> int:
        """−LEVELS … LEVELS; 0 has no colour."""
        span = self.high - self.zero if value >= self.zero else self.zero - self.low
        share = 0.0 if span <= 0 else (value - self.zero) / span
        return round(min(max(share, -1.0), 1.0) * LEVELS)


SHARES = Colours(0, 0, 1)
SIGNED = Colours(-1, 0, 1)
AUROCS = Colours(0, 0.5, 1)


def symmetric(values: Floats) -> Colours:
    """As strong on both sides, up to a round number that no finite one of `values` is beyond."""
    finite = np.abs(values[np.isfinite(values)])
    bound = nice_step(float(finite.max()), 1) if finite.size and finite.max() > 0 else 1.0
    return Colours(-bound, 0, bound)


def heat_map(
    title: str,
    values: Floats,
    colours: Colours,
    rows: Sequence[str],
    columns: Sequence[str],
    names: tuple[str, str],
    width: float = 220.0,
    height: float | None = None,
) -> str:
    """values [row, column], the first row at the bottom. `names` are those of the rows' and the columns' axes."""
    n_rows, n_columns = values.shape
    cell = (width - LEFT - 6) / n_columns
    tall = min(max(cell, 6.0), 16.0) if height is None else height / n_rows
    bottom = TOP + tall * n_rows
    parts = [
        rectangle(LEFT, TOP, cell * n_columns, tall * n_rows, "heat-frame"),
        *_cells(values, colours, cell, tall, bottom),
        *_labels(rows, columns, cell, tall, bottom),
        label((LEFT, bottom + FOOT + 8), names[1], "axis"),
        *_legend(colours, width, bottom + FOOT),
        _upright(names[0], (TOP + bottom) / 2),
    ]
    return svg(width, bottom + FOOT + LEGEND, title, *parts, class_="plot small heat-map")


def _upright(text: str, y: float) -> str:
    """The name of the rows' axis, along it."""
    turned = f"rotate(-90 8 {place(y)})"
    return tag("text", text, x="8", y=place(y), class_="axis", text_anchor="middle", transform=turned)


def _cells(values: Floats, colours: Colours, cell: float, tall: float, bottom: float) -> list[str]:
    """A shape for each level; neighbours in a row that have the same are one rectangle."""
    paths: dict[int | None, str] = {}
    for row, held in enumerate(values.tolist()):
        levels = [None if isnan(value) else colours.level(value) for value in held]
        for begin, end, level in _stretches(levels):
            left, right, y = LEFT + begin * cell, LEFT + end * cell, bottom - (row + 1) * tall
            shape = f"M{place(left)} {place(y)}H{place(right)}V{place(y + tall)}H{place(left)}Z"
            paths[level] = paths.get(level, "") + shape
    return [
        _path(level, paths[level]) for level in sorted(paths, key=lambda one: (one is not None, one or 0)) if level != 0
    ]


def _path(level: int | None, path: str) -> str:
    if level is None:
        return tag("path", d=path, class_="heat unknown")
    return tag(
        "path", d=path, class_=f"heat {'up' if level > 0 else 'down'}", fill_opacity=f"{abs(level) / LEVELS:.2g}"
    )


def _stretches(levels: Sequence[int | None]) -> list[tuple[int, int, int | None]]:
    """(begin, end, level) of neighbours that are equal."""
    found: list[tuple[int, int, int | None]] = []
    for at, level in enumerate(levels):
        if found and found[-1][2] == level:
            found[-1] = (found[-1][0], at + 1, level)
        else:
            found.append((at, at + 1, level))
    return found


def _labels(rows: Sequence[str], columns: Sequence[str], cell: float, tall: float, bottom: float) -> list[str]:
    every = max(1, -(-10 // int(tall)))
    left = [
        label((LEFT - 3, bottom - (at + 0.5) * tall + 3), text, "tick", "end")
        for at, text in enumerate(rows)
        if at % every == 0
    ]
    widest = max(map(len, columns), default=1) * LETTER
    apart = max(1, -(-int(widest + 5) // max(int(cell), 1)))
    below = [
        label((LEFT + (at + 0.5) * cell, bottom + 11), text, "tick", "middle")
        for at, text in enumerate(columns)
        if at % apart == 0
    ]
    return [*left, *below]


def _legend(colours: Colours, width: float, top: float) -> list[str]:
    """The scale: a strip of colours from `low` to `high`, with its ends and zero."""
    levels = list(range(-LEVELS if colours.low < colours.zero else 0, LEVELS + 1))
    left, right = width - 92.0, width - 22.0
    size = (right - left) / len(levels)
    boxes = [
        rectangle(left, top, right - left, 8, "heat-frame"),
        *(
            _path(level, f"M{place(left + at * size)} {place(top)}h{place(size)}v8h{place(-size)}Z")
            for at, level in enumerate(levels)
            if level
        ),
    ]
    ends = [(left - 4, colours.low, "end"), (right + 4, colours.high, None)]
    return [*boxes, *(label((x, top + 7.5), tick_text(value), "tick", anchor) for x, value, anchor in ends)]
