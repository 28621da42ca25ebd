"""Figures of a gain in attention, and the heads that were selected, as they were stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluator.report.inside.measured_arrays import MeasuredArray, Point

CHANGE = "attention-change-"
HEAD = "attention-head-"
FIGURES = {
    "mean": "mean Δ of all heads",
    "positive-total": "total, Σ Δ⁺",
    "top1-share": "top head",
    "top5-share": "top 5 heads",
    "top10-share": "top 10 heads",
    "gini": "Gini",
    "effective-heads": "effective heads",
}
"""Name in the rows → for people; in the order of the page."""

SELECTION = ("frequency", "held-out", "p", "p-all")

SELECTED_P = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the gain: the word's, its control's, their difference, and p of the difference."""

    name: str
    word: Point
    control: Point | None
    difference: Point | None
    p: float | None


@dataclass(frozen=True, slots=True)
class SelectedHead:
    """What is left of a head on clusters that had no part in its choice."""

    layer: int
    head: int
    frequency: float
    held_out: float | None
    p: float | None
    p_all: float | None

    @property
    def is_selected(self) -> bool:
        """Whether its held-out effect is beyond what exchange of signs gives."""
        return self.p is not None and self.p <= SELECTED_P


def figures_of(arrays: Mapping[str, MeasuredArray], group: str, step: int) -> tuple[Figure, ...]:
    """The figures of one group's change, of arrays [group, checkpoint] by their names in the rows."""

    def at(name: str) -> Point | None:
        held = arrays.get(CHANGE + name)
        return None if held is None else held.at(group, step)

    found = []
    for name in FIGURES:
        if (word := at(name)) is not None:
            p = at(f"{name}-p")
            found.append(
                Figure(name, word, at(f"{name}-control"), at(f"{name}-difference"), None if p is None else p.value)
            )
    return tuple(found)


def selected_heads(arrays: Mapping[str, MeasuredArray], group: str, step: int) -> tuple[SelectedHead, ...]:
    """Heads of a group that were chosen at all, in the change up to `step`; arrays [group, checkpoint, layer, head]."""
    frequency = arrays.get(HEAD + "frequency")
    if frequency is None or group not in frequency.axes[0] or step not in frequency.axes[1]:
        return ()
    layers, heads = frequency.axes[2:]
    often = frequency.under(group).under(step).value  # [layer, head]

    def of(name: str, *head: int) -> float | None:
        held = arrays.get(HEAD + name)
        point = None if held is None else held.at(group, step, *head)
        return None if point is None else point.value

    found = [
        SelectedHead(layer, head, float(often[at]), *(of(name, layer, head) for name in SELECTION[1:]))
        for at, layer, head in (((i, j), int(layers[i]), int(heads[j])) for i, j in np.argwhere(often > 0).tolist())
    ]
    return tuple(sorted(found, key=lambda one: (2.0 if one.p is None else one.p, -one.frequency, one.layer, one.head)))
