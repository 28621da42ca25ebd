"""Tables of heads and of the θ sweep; the centre of mass over layers."""

from __future__ import annotations

import numpy as np

from evaluator.measures.onset.formation import Formation
from evaluator.measures.onset.layer_order import LayerOrder
from evaluator.report.drawing.step_curves import Curve, step_curves
from evaluator.report.drawing.value_axis import ValueAxis
from evaluator.report.inside.induction_found import InductionFound
from evaluator.report.inside.page_pieces import beside, card, figure, folded
from evaluator.report.inside.values import number_text
from evaluator.report.markup import safe
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE, p_text, share_text, steps_text

SHORT = {
    "induction": "I",
    "induction-folded": "I folded",
    "induction-attention": "Ā",
    "eigenvalue-positivity": "EP",
    "eigenvalue-positivity-folded": "EP folded",
    "prefix-matching": "prefix",
    "previous-token": "previous",
}

MOST_HEADS = 10
"""Of the table beside the curves."""

LEAST_MASS = 0.1
"""Heads' worth of positive score from which on a centre of mass is drawn: below it is of noise."""


def head_table(found: InductionFound) -> str:
    """The heads of highest score at the last checkpoint, with all their scores."""
    last = found.of.values[-1]
    scores = [name for name in SHORT if name in found.scores]
    order = np.argsort(-last, axis=None, kind="stable")[:MOST_HEADS]
    columns = [Column("layer.head"), *(Column(SHORT[name], True) for name in scores)]
    rows = [
        [f"{layer}.{head}", *(share_text(float(found.scores[name].values[-1][layer, head])) for name in scores)]
        for layer, head in (np.unravel_index(at, last.shape) for at in order)
    ]
    shown = f"the {len(rows)} highest of {last.size} heads" if last.size > len(rows) else f"all {last.size} heads"
    return table(f"At the last checkpoint, {shown}", columns, rows)


def sweep_table(found: InductionFound) -> str:
    """For each θ how many heads formed, when the first did, and whether shallow layers came first."""
    columns = [
        Column("θ", True),
        Column("heads formed", True),
        Column("first", True, "the first head of all: (checkpoint before, checkpoint]"),
        Column("Spearman", True, "of layer against formation step, heads that never form last", "all heads"),
        Column("p", True, "one-tailed: shallow layers first; layers permuted", "all heads"),
        Column("Spearman", True, None, "formed heads"),
        Column("p", True, None, "formed heads"),
        Column(
            "previous-token heads", True, "heads of any layer with previous-token weight of θ or more, and the first"
        ),
    ]
    rows = [
        [
            share_text(one.theta, 1),
            f"{int(one.has_formed.sum())} of {one.steps.size}",
            safe(_first(one)),
            *_order(every),
            *_order(formed),
            safe(_previous(found, at)),
        ]
        for at, (one, (every, formed)) in enumerate(zip(found.sweep, found.orders, strict=True))
    ]
    return table("Formation by θ", columns, rows)


def sweep_notes(found: InductionFound) -> list[str]:
    """What to know of the coefficients, and why there is none."""
    words = (
        "Spearman: of layer against formation step, over all heads (those that never form count as later than all "
        "others) and over those that formed; positive where shallow layers form first. Null: the layers permuted "
        "whole, since heads of one layer are not independent. With n layers no p is much below 1 / n!: two or three "
        "layers can tell nothing by themselves."
    )
    reasons = dict.fromkeys(one.reason for pair in found.orders for one in pair if one.reason)
    return [note(words), *(note(f"–: {reason}.") for reason in reasons)]


def _first(one: Formation) -> str:
    if not one.has_formed.any():
        return "never"
    at = np.unravel_index(int(np.argmin(one.steps)), one.steps.shape)
    after, step = float(one.after[at]), float(one.steps[at])
    return f"{steps_text(step)}, the first" if np.isinf(after) else f"({steps_text(after)}, {steps_text(step)}]"


def _order(one: LayerOrder) -> list[str]:
    return [safe(number_text(one.coefficient)), safe(p_text(one.p_shallow_first))]


def _previous(found: InductionFound, at: int) -> str:
    if not found.previous:
        return NONE
    held = found.previous[at]
    number = int(held.has_formed.sum())
    return f"{number}, {_first(held)}" if number else "0"


def centre_card(found: InductionFound) -> str:
    """Where in the model the positive scores lie, checkpoint by checkpoint, and how much there is of them."""
    centre, steps = found.centre, found.of.steps.tolist()
    if centre is None:
        return ""
    drawn = np.where(centre.mass >= LEAST_MASS, centre.layer, np.nan)
    columns = [Column("step", True), Column("centre, layer", True), Column("mass, heads", True)]
    rows = [
        [f"{step:,}", safe(number_text(layer)), safe(number_text(mass))]
        for step, layer, mass in zip(steps, centre.layer.tolist(), centre.mass.tolist(), strict=True)
    ]
    points = folded("All points", table("Centre of mass by checkpoint", columns, rows))
    if not np.isfinite(drawn).any():
        words = f"Σ I⁺ never reaches {share_text(LEAST_MASS, 1)} heads: the centre of mass would be of noise."
        return card("Centre of mass", found.of.convention, note(words), points, steps=False)
    last = found.of.values.shape[1] - 1
    axis = ValueAxis("layer", 1.0, max(2.0, float(last)), (centre.even,), is_whole=True)
    end = number_text(float(drawn[-1]))
    title = f"Centre of mass of positive {SHORT[found.by]} by training step, in the end layer {end}"
    drawing = step_curves(title, [Curve("centre", "one", steps, drawn.tolist())], axis)
    caption = (
        f"Σ L · {SHORT[found.by]}⁺ / Σ {SHORT[found.by]}⁺ over layers from 1, where the sum is "
        f"{share_text(LEAST_MASS, 1)} heads or more. Dotted: {number_text(centre.even)}, where it is if all layers "
        "have the same."
    )
    return card("Centre of mass", found.of.convention, beside(figure(drawing, caption), points))
