"""Attention to the context word: maps by head before and after, weights over steps, concentration, heads selected."""

from __future__ import annotations

import numpy as np

from evaluator.report.build import Report
from evaluator.report.drawing.heat_map import SHARES, Colours, heat_map, symmetric
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.attention_curves import caption, curves, keys
from evaluator.report.inside.attention_found import AttentionFound, AttentionGroup
from evaluator.report.inside.attention_tables import figures_table, groups_table, heads_table, points_table
from evaluator.report.inside.attention_words import attention_sentence, name_of
from evaluator.report.inside.concept_rows import eligible_in
from evaluator.report.inside.page_pieces import (
    MOST_DRAWN,
    STEP_CHOICE,
    beside,
    figure,
    folded,
    left_out,
    maps,
    of_runs,
    small_map,
)
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import note
from evaluator.report.wording import count_text, steps_text
from evaluator.scored import Floats

LEAD = (
    "The weight that the later of (critical word, context word) pays to the earlier one, by layer and head, mean over "
    "pairs. The control is another place of the same sentence exactly as far away; uniform is 1/(k + 1) a key for k "
    "tokens before it. Δ is after less before, the checkpoints as of concept vectors."
)

NULL = (
    "Concentration: figures of the positive part of the mean Δ over all heads. Difference: the word's less its "
    "control's, with a bootstrap interval that leans towards 0; p: word and control exchanged at random by critical "
    "and by context lemma, the larger of the two, one-tailed. Heads, which gain more than the control and pay more "
    "than it: chosen on half of the critical lemmas, their effect and max-T p taken on the other half, twice the "
    "median over splits."
)


def attention_section(report: Report) -> str:
    """A table of all groups that are shown, and for each a sentence with its figures."""
    return of_runs(report, "attention", "Attention to context", LEAD, lambda run: _of_run(report, run))


def _of_run(report: Report, run: EvaluatedRun) -> str:
    found = run.inside.attention
    if found is None:
        return ""
    groups = shown_groups(report, run, found)
    drawn = [at < MOST_DRAWN for at in range(len(groups))]
    parts = [note(_said_of_all(found, groups))]
    if groups:
        parts += [groups_table(groups), note(NULL), tag("ul", *map(_item, groups, drawn), class_="findings")]
    return "".join(parts)


def shown_groups(report: Report, run: EvaluatedRun, found: AttentionFound) -> list[AttentionGroup]:
    """The whole, then phenomena, then the eligible paradigms as the report orders them (all without a timeline)."""
    eligible = eligible_in(report, run)
    held = found.of_paradigms
    return [
        *(one for one in found.groups if one.level != "paradigm"),
        *(held[uid] for uid in eligible if uid in held),
    ]


def _said_of_all(found: AttentionFound, groups: list[AttentionGroup]) -> str:
    left = len(found.groups) - len(groups)
    rest = f"; {count_text(left, 'paradigm')} not eligible: see attention_heads.csv" if left else ""
    other = f" Also measured, not shown: {'; '.join(found.other_conventions)}." if found.other_conventions else ""
    return (
        f"{count_text(len(groups), 'group')} shown{rest}.{left_out(len(groups))} Convention: {found.convention}.{other}"
    )


def _item(group: AttentionGroup, is_drawn: bool) -> str:
    """What holds of one group; its figures are folded."""
    said = tag("b", breakable(name_of(group))) + tag("span", safe(attention_sentence(group)))
    return tag("li", said, _folded(group) if is_drawn else "")


def _folded(group: AttentionGroup) -> str:
    left = STEP_CHOICE + figure(curves(group), caption(group)) + tag("p", *keys(group), class_="legend")
    parts = [_maps(group), beside(left, heads_table(group)), figures_table(group), points_table(group)]
    return folded("Maps by head, weights over steps, concentration", tag("div", *parts, class_="card"))


def _maps(group: AttentionGroup) -> str:
    before, after = (group.at(group.weight, step) for step in (group.span.before, group.span.after))
    cells = []
    if before is not None and after is not None:
        top = float(np.nanmax([before, after])) if np.isfinite([before, after]).any() else 1.0
        colours = Colours(0, 0, symmetric(np.array([top])).high)
        for name, values, step in (("before", before, group.span.before), ("after", after, group.span.after)):
            cells.append(small_map(_map(group, name, values, colours), name, f"step {steps_text(step)}, mean weight"))
    change, gap = group.change, group.change_of_control
    if change is not None:
        colours = symmetric(np.concatenate([change.ravel(), *([gap.ravel()] if gap is not None else [])]))
        cells.append(small_map(_map(group, "Δ", change, colours), "Δ", "after less before"))
        if gap is not None:
            cells.append(small_map(_map(group, "Δ of the control", gap, colours), "Δ of the control", "same colours"))
    return maps(*cells)


def _map(group: AttentionGroup, name: str, values: Floats, colours: Colours = SHARES) -> str:
    rows, columns = ([str(at) for at in axis] for axis in group.weight.axes[1:])
    return heat_map(f"{name_of(group)}, {name}: layer × head", values, colours, rows, columns, ("layer", "head"))
