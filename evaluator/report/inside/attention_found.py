"""What was found of attention to the context word: by head before and after, its concentration, the heads selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from evaluator.delay_report import DelayReport
from evaluator.report.inside.head_figures import (
    CHANGE,
    HEAD,
    SELECTION,
    Figure,
    SelectedHead,
    figures_of,
    selected_heads,
)
from evaluator.report.inside.measured_arrays import EVERYTHING, MeasuredArray, MeasuredRows
from evaluator.report.inside.spans import Span, span_of, t_after_of
from evaluator.scored import Floats

WEIGHT, UNIFORM = "attention-to-context", "attention-uniform"
MAPS = (WEIGHT, "attention-control", "attention-entropy")
PREFERRED = "attention later→earlier, good side, sum over target, control same-distance"
"""The reading that is shown, where several were measured."""

LEVELS = ("overall", "phenomenon", "paradigm")
"""From the whole to its parts."""


@dataclass(frozen=True)
class AttentionGroup:
    """Of one paradigm, or of all pairs together."""

    level: str
    name: str
    weight: MeasuredArray  # [checkpoint, layer, head]
    control: MeasuredArray | None
    entropy: MeasuredArray | None
    uniform: MeasuredArray | None  # [checkpoint]
    _: KW_ONLY
    span: Span
    figures: tuple[Figure, ...]
    heads: tuple[SelectedHead, ...]
    """By held-out p, then by how often they were chosen; those that were chosen at least once."""

    @property
    def selected(self) -> tuple[SelectedHead, ...]:
        """The heads that stand."""
        return tuple(one for one in self.heads if one.is_selected)

    def at(self, array: MeasuredArray | None, step: int) -> Floats | None:
        """[layer, head] at one checkpoint; None where it was not measured."""
        return None if array is None or step not in array.axes[0] else array.under(step).value

    @property
    def change(self) -> Floats | None:
        """[layer, head] Mean weight after less before."""
        before, after = (self.at(self.weight, step) for step in (self.span.before, self.span.after))
        return None if before is None or after is None else after - before

    @property
    def change_of_control(self) -> Floats | None:
        """[layer, head] The same of the control."""
        before, after = (self.at(self.control, step) for step in (self.span.before, self.span.after))
        return None if before is None or after is None else after - before


def mean_of(values: Floats | None) -> float | None:
    """Over the heads that have a value; None where none has."""
    known = np.zeros(0) if values is None else values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


@dataclass(frozen=True)
class AttentionFound:
    """The groups that were measured: the whole first."""

    groups: tuple[AttentionGroup, ...]
    convention: str
    other_conventions: tuple[str, ...]

    @property
    def of_paradigms(self) -> Mapping[str, AttentionGroup]:
        """Paradigm → its group."""
        return {one.name: one for one in self.groups if one.level == "paradigm"}


def attention_found(rows: MeasuredRows, delay: DelayReport | None) -> AttentionFound | None:
    """None where no attention was measured."""
    conventions = rows.held(WEIGHT, "convention", PREFERRED)
    if not conventions:
        return None
    split = rows.held(WEIGHT, "split", EVERYTHING)[0]
    held = [
        group
        for level in LEVELS
        if level in rows.held(WEIGHT, "level")
        for group in _groups(rows, level, split, conventions[0], delay)
    ]
    return AttentionFound(tuple(held), conventions[0], tuple(conventions[1:])) if held else None


def _groups(
    rows: MeasuredRows, level: str, split: str, convention: str, delay: DelayReport | None
) -> list[AttentionGroup]:
    by = ("group", "step", "layer", "head")
    where = {"level": level, "split": split}
    weight, control, entropy = (rows.array(name, by, conventions=[convention], **where) for name in MAPS)
    if weight is None:
        return []
    uniform = rows.array(UNIFORM, by[:2], conventions=[convention], **where)
    figures = _changes(rows, convention, rows.names(CHANGE), by[:2], where)
    selection = _changes(rows, convention, [HEAD + name for name in SELECTION], by, where)
    found, steps = [], [int(step) for step in weight.axes[1]]
    for name in map(str, weight.axes[0]):
        span = span_of(steps, t_after_of(delay, name) if level == "paradigm" else None)
        heads = selected_heads(selection, name, span.after)
        others = [None if one is None else one.under(name) for one in (control, entropy, uniform)]
        shown = figures_of(figures, name, span.after)
        found.append(AttentionGroup(level, name, weight.under(name), *others, span=span, figures=shown, heads=heads))
    return found


def _changes(
    rows: MeasuredRows, convention: str, names: Sequence[str], by: Sequence[str], where: Mapping[str, str]
) -> dict[str, MeasuredArray]:
    """Of measures of a change: their conventions go on with what it is between, and how it was tested."""
    found = {}
    for name in names:
        conventions = [one for one in rows.held(name, "convention") if one.startswith(convention)]
        if (one := rows.array(name, by, conventions=conventions, **where)) is not None:
            found[name] = one
    return found
