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
    arrays = {
        **_ends("", group, group.weight),
        "change": group.change,
        **_ends("control_", group, group.control),
        "control_change": group.change_of_control,
        **_ends("entropy_", group, group.entropy),
    }
    chosen = {(one.layer, one.head): one for one in group.heads}
    _, layers, heads = group.weight.axes
    for i, layer in enumerate(map(int, layers)):
        for j, head in enumerate(map(int, heads)):
            yield AttentionHeadRow(
                evaluation=name,
                level=group.level,
                group=group.name,
                layer=layer,
                head=head,
                before_step=group.span.before,
                after_step=group.span.after,
                **{column: None if one is None else finite(one[i, j]) for column, one in arrays.items()},
                **_selection(group, chosen.get((layer, head))),
                convention=group.weight.convention,
            )


def _ends(prefix: str, group: AttentionGroup, array: MeasuredArray | None) -> dict[str, Floats | None]:
    steps = {"before": group.span.before, "after": group.span.after}
    return {prefix + name: group.at(array, step) for name, step in steps.items()}


def _selection(group: AttentionGroup, one: SelectedHead | None) -> dict[str, float | None]:
    if one is None:
        never = 0.0 if group.heads else None
        return {"chosen": never, "held_out": None, "held_out_p": None, "p_all": None}
    return {"chosen": one.frequency, "held_out": one.held_out, "held_out_p": one.p, "p_all": one.p_all}
