"""attention_heads: attention to context of every head before and after, its control's, and what selection said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.report.build import Report
from evaluator.report.inside.attention_found import AttentionGroup
from evaluator.report.inside.head_figures import SelectedHead
from evaluator.report.inside.measured_arrays import MeasuredArray
from evaluator.report.plain import finite
from evaluator.scored import Floats


@dataclass(frozen=True, slots=True)
class AttentionHeadRow:
    """One head in one group; weights are means over pairs.

    `chosen` is the share of splits in which the head was chosen (null where heads were not tested), `held_out` its
    effect on the other halves, `held_out_p` its p there, `p_all` max-T over all heads and lemmas.
    """

    evaluation: str
    level: str
    group: str
    layer: int
    head: int
    before_step: int
    after_step: int
    before: float | None
    after: float | None
    change: float | None
    control_before: float | None
    control_after: float | None
    control_change: float | None
    entropy_before: float | None
    entropy_after: float | None
    chosen: float | None
    held_out: float | None
    held_out_p: float | None
    p_all: float | None
    convention: str


def attention_head_rows(report: Report) -> list[AttentionHeadRow]:
    """By evaluation, group, layer and head."""
    return [
        row
        for run in report.runs
        if run.inside.attention is not None
        for group in run.inside.attention.groups
        for row in _of_group(run.name, group)
    ]


def _of_group(name: str, group: AttentionGroup) -> Iterator[AttentionHeadRow]:
    weights = [*_ends(group, group.weight), group.change]
    controls = [*_ends(group, group.control), group.change_of_control]
    columns = [*weights, *controls, *_ends(group, group.entropy)]
    chosen = {(one.layer, one.head): one for one in group.heads}
    _, layers, heads = group.weight.axes
    for i, layer in enumerate(map(int, layers)):
        for j, head in enumerate(map(int, heads)):
            values = [None if one is None else finite(one[i, j]) for one in columns]
            selection = _selection(group, chosen.get((layer, head)))
            place = (group.level, group.name, layer, head, group.span.before, group.span.after)
            yield AttentionHeadRow(name, *place, *values, *selection, group.weight.convention)


def _ends(group: AttentionGroup, array: MeasuredArray | None) -> list[Floats | None]:
    return [group.at(array, step) for step in (group.span.before, group.span.after)]


def _selection(group: AttentionGroup, one: SelectedHead | None) -> tuple[float | None, ...]:
    if one is not None:
        return one.frequency, one.held_out, one.p, one.p_all
    return (0.0 if group.heads else None), None, None, None
