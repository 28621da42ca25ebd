"""Tables of attention to context: a line a group, figures of the change, heads, and means by checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.report.inside.attention_found import AttentionGroup, mean_of
from evaluator.report.inside.attention_words import figure_of, largest_change, mean_change
from evaluator.report.inside.head_figures import FIGURES, Figure
from evaluator.report.inside.measured_arrays import MeasuredArray, Point
from evaluator.report.inside.page_pieces import folded
from evaluator.report.inside.values import between_text, number_text, signed_text
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE, p_text, share_text, steps_text

MOST_HEADS = 10


def groups_table(groups: Sequence[AttentionGroup]) -> str:
    """All that are shown."""
    columns = [
        Column("group"),
        Column("steps", True, "before → after"),
        Column("mean Δ", True, "over heads, of the pairs that have a control"),
        Column("of the control", True),
        Column("Σ Δ⁺", True, None, "gain of heads"),
        Column("control", True, None, "gain of heads"),
        Column("p", True, None, "gain of heads"),
        Column("effective heads", True, None, "concentration"),
        Column("control", True, None, "concentration"),
        Column("p", True, None, "concentration"),
        Column("heads that stand", True, "held-out p of .05 or less"),
    ]
    return table("Attention to context before and after", columns, [_row(one) for one in groups])


def _row(group: AttentionGroup) -> list[str]:
    change, control = mean_change(group)
    total, heads = figure_of(group, "positive-total"), figure_of(group, "effective-heads")
    return [
        "all pairs" if group.level == "overall" else breakable(group.name),
        safe(f"{steps_text(group.span.before)} → {steps_text(group.span.after)}") + _last(group),
        *(NONE if one is None else safe(signed_text(one)) for one in (change, control)),
        *_figure_cells(total),
        *_figure_cells(heads),
        str(len(group.selected)) if group.heads else NONE,
    ]


def _last(group: AttentionGroup) -> str:
    """Below the steps, where the later one is no crossing."""
    return "" if group.span.is_crossing else tag("span", "the last", class_="under", title=group.span.note)


def _figure_cells(one: Figure | None) -> list[str]:
    if one is None:
        return [NONE] * 3
    return [safe(number_text(one.word.value)), _number(one.control), safe(p_text(one.p))]


def _number(point: Point | None) -> str:
    return NONE if point is None else safe(number_text(point.value))


def figures_table(group: AttentionGroup) -> str:
    """Concentration of Δ, against the control; "" where it was not measured."""
    if not group.figures:
        return ""
    columns = [
        Column("of Δ⁺"),
        Column("word", True),
        Column("control", True),
        Column("difference", True, "with 95 % bootstrap"),
        Column("p", True, "word and control exchanged"),
    ]
    rows = [
        [
            FIGURES[one.name],
            safe(number_text(one.word.value)),
            _number(one.control),
            _difference(one),
            safe(p_text(one.p)),
        ]
        for one in group.figures
    ]
    return table(f"Concentration of the change, step {steps_text(group.span.after)}", columns, rows)


def _difference(one: Figure) -> str:
    if one.difference is None:
        return NONE
    ends = between_text(one.difference.low, one.difference.high, number_text)
    return safe(number_text(one.difference.value) + (f" [{ends}]" if ends else ""))


def heads_table(group: AttentionGroup) -> str:
    """Heads that were chosen, what is left of them on held-out lemmas; "" where none was tested."""
    if not group.heads:
        return ""
    columns = [
        Column("layer.head"),
        Column("held out", True, "gain beyond the control's, on the halves that did not choose it"),
        Column("p", True, "max-T on held-out halves, twice the median over splits"),
        Column("p of all", True, "max-T over all heads and lemmas"),
        Column("chosen", True, "share of splits"),
    ]
    rows = [
        [
            f"{one.layer}.{one.head}",
            safe(signed_text(one.held_out)),
            safe(p_text(one.p)),
            safe(p_text(one.p_all)),
            share_text(one.frequency, 2),
        ]
        for one in group.heads[:MOST_HEADS]
    ]
    more = (
        note(f"{len(group.heads) - MOST_HEADS} more: see attention_heads.csv.") if len(group.heads) > MOST_HEADS else ""
    )
    return table("Heads chosen on one half, tested on the other", columns, rows) + more


def points_table(group: AttentionGroup) -> str:
    """Means over heads, and the head that is drawn, by checkpoint."""
    head = largest_change(group)
    columns = [
        Column("step", True),
        Column("weight", True, "mean over heads"),
        Column("control", True, "mean over heads"),
        Column("uniform", True),
        Column("drawn head", True),
        Column("its control", True),
        Column("entropy", True, "mean over heads, nats"),
    ]
    rows = [
        [
            f"{step:,}",
            *(_mean(one, step) for one in (group.weight, group.control)),
            _at(group.uniform, step),
            *(NONE if head is None else _of_head(one, step, head) for one in (group.weight, group.control)),
            _mean(group.entropy, step, 2),
        ]
        for step in group.weight.steps.tolist()
    ]
    return folded("All points", table("Attention by checkpoint", columns, rows))


def _mean(held: MeasuredArray | None, step: int, decimals: int = 3) -> str:
    values = None if held is None or step not in held.axes[0] else held.under(step).value
    return share_text(mean_of(values), decimals)


def _at(held: MeasuredArray | None, step: int) -> str:
    point = None if held is None else held.at(step)
    return NONE if point is None else share_text(point.value)


def _of_head(held: MeasuredArray | None, step: int, head: tuple[int, int]) -> str:
    return NONE if held is None or step not in held.axes[0] else share_text(float(held.under(step).value[head]))
