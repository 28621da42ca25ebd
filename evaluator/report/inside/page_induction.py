"""Induction heads: maps of every score at the last checkpoint, I over steps, when heads formed, and by which layer."""

from __future__ import annotations

import numpy as np

from evaluator.report.build import Report
from evaluator.report.drawing.formation_figure import formation_figure
from evaluator.report.drawing.heat_map import SHARES, SIGNED, Colours, heat_map
from evaluator.report.drawing.step_curves import LINES, Curve, step_curves
from evaluator.report.drawing.value_axis import fitting_axis
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.induction_found import NAMED, InductionFound
from evaluator.report.inside.page_formation import centre_card, head_table, sweep_notes, sweep_table
from evaluator.report.inside.page_pieces import ROWS, beside, card, figure, maps, of_runs, small_map
from evaluator.report.inside.values import number_text
from evaluator.report.page_parts import note
from evaluator.report.wording import count_text, share_text, steps_text
from evaluator.scored import Floats

LEAD = (
    "An induction head looks at what followed the last occurrence of the current token (Ā), and makes likelier what it "
    "looks at (EP): I = Ā · EP, of every head, on sequences of random tokens whose two halves are identical. Layers "
    "and heads are counted from 0; layer 0 can hold none."
)

MAPPED: dict[str, tuple[str, str, Colours]] = {
    "induction": ("I", "Ā · EP, weights as they are", SIGNED),
    "induction-attention": ("Ā", "weight on what followed the token before", SHARES),
    "eigenvalue-positivity": ("EP", "of W_U W_O W_V W_E", SIGNED),
    "prefix-matching": ("prefix matching", "weight on all such places, four repeats", SHARES),
    "previous-token": ("previous token", "weight on the token before", SHARES),
}

MOST_DRAWN = 40
"""Heads over steps, the named ones among them."""


def induction_section(report: Report) -> str:
    """Cards for each run."""
    return of_runs(report, "induction", "Induction heads", LEAD, _of_run)


def _of_run(run: EvaluatedRun) -> str:
    found = run.inside.induction
    if found is None:
        return ""
    return _maps(found) + _curves(found) + _formation(found) + centre_card(found)


def _maps(found: InductionFound) -> str:
    cells = []
    for score, (name, words, colours) in MAPPED.items():
        values = found.last(score)
        if values is not None:
            cells.append(small_map(head_map(f"{name} at the last checkpoint", values, colours), name, words))
    step = steps_text(int(found.of.steps[-1]))
    return card(f"Every head at step {step}", found.of.convention, maps(*cells), note(ROWS), steps=False)


def head_map(title: str, values: Floats, colours: Colours) -> str:
    """Layers upwards, heads to the right; the strongest head is said in the title."""
    n_layers, n_heads = values.shape
    layer, head = (
        np.unravel_index(int(np.nanargmax(np.abs(values))), values.shape) if np.isfinite(values).any() else (0, 0)
    )
    said = (
        f"{title}: layer × head, furthest from 0 {number_text(float(values[layer, head]))} in {head_name(layer, head)}"
    )
    rows, columns = [str(at) for at in range(n_layers)], [str(at) for at in range(n_heads)]
    return heat_map(said, values, colours, rows, columns, ("layer", "head"))


def head_name(layer: int | np.integer, head: int | np.integer) -> str:
    """A head in few letters: "3.1" is head 1 of layer 3."""
    return f"{layer}.{head}"


def _curves(found: InductionFound) -> str:
    values, steps = found.of.values, found.of.steps.tolist()
    lowest = found.sweep[0].theta if found.sweep else NAMED
    peak = values.max(axis=0)
    places = [tuple(place) for place in np.argwhere(peak >= lowest).tolist()]
    name = MAPPED[found.by][0]
    if not places:
        words = f"No head reaches {name} = {share_text(lowest, 1)}: the highest is {share_text(float(peak.max()))}."
        return card(f"{name} over training", found.of.convention, note(words), head_table(found), steps=False)
    drawn = sorted(places, key=lambda at: (-values[-1][at], at))[:MOST_DRAWN]
    classes = [*LINES[: len(drawn)], *["rest"] * (len(drawn) - len(LINES))]
    curves = [
        Curve(head_name(*at), class_, steps, values[:, at[0], at[1]].tolist(), is_bare=True)
        for at, class_ in reversed(list(zip(drawn, classes, strict=True)))
    ]
    named = [(float(values[-1][at]), head_name(*at)) for at in drawn[: len(LINES)]]
    axis = fitting_axis(name, [float(one) for curve in curves for one in curve.values], 0.0, 1.0, marked=(0.0,))
    title = f"{name} by training step of {count_text(len(drawn), 'head')} that reach {share_text(lowest, 1)}"
    caption = (
        f"{name} of the {count_text(len(drawn), 'head')} that ever reach {share_text(lowest, 1)}"
        + (f", of {len(places)}" if len(places) > len(drawn) else "")
        + f"; the highest at the end are named layer.head. n: {count_text(found.of.sequences, 'sequence')} of random "
        "tokens. There is no null here: in a model that has learnt nothing, Ā is about 1 over the context's length."
    )
    drawing = step_curves(title, curves, axis, ends=named)
    return card(f"{name} over training", found.of.convention, beside(figure(drawing, caption), head_table(found)))


def _formation(found: InductionFound) -> str:
    named = found.named
    if named is None:
        return note("The model has one layer: no induction head can form.")
    name = MAPPED[found.by][0]
    drawing = formation_figure(named, tuple(found.of.steps.tolist()))
    caption = (
        f"A dot is a head, at the first checkpoint with {name} ≥ {share_text(NAMED, 1)}; the line before it is the gap "
        "between checkpoints in which that happened. Heads that never get there are counted at the right: they are "
        "right-censored, not missing. Dots of one step stand one above the other."
    )
    left = figure(drawing, caption)
    return card(
        "When heads formed, by layer", found.of.convention, beside(left, *sweep_notes(found)), sweep_table(found)
    )
