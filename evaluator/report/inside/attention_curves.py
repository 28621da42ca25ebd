"""Attention to context over steps: the head of largest Δ with its control, means of heads, a uniform query."""

from __future__ import annotations

import numpy as np

from evaluator.report.drawing.step_curves import Curve, step_curves
from evaluator.report.drawing.value_axis import fitting_axis
from evaluator.report.inside.attention_found import AttentionGroup
from evaluator.report.inside.attention_words import largest_change, name_of
from evaluator.report.inside.measured_arrays import MeasuredArray
from evaluator.report.page_parts import key


def curves(group: AttentionGroup) -> str:
    """The plot."""
    head = largest_change(group)
    drawn = [
        *([_uniform(group.uniform)] if group.uniform is not None else []),
        *([_mean("control, mean of heads", "two", group.control)] if group.control is not None else []),
        _mean("mean of heads", "four", group.weight),
        *([_head("control", "three", group.control, head)] if head and group.control is not None else []),
        *([_head("head", "one", group.weight, head)] if head else []),
    ]
    axis = fitting_axis("weight", [value for one in drawn for value in (*one.values, *one.high)], 0.0)
    return step_curves(f"{name_of(group)}: attention to context by training step", drawn, axis)


def _uniform(held: MeasuredArray) -> Curve:
    return Curve("uniform", "five", held.steps.tolist(), held.value.tolist(), is_bare=True)


def _mean(name: str, class_: str, held: MeasuredArray) -> Curve:
    return Curve(name, class_, held.steps.tolist(), held.value.mean(axis=(1, 2)).tolist(), is_bare=True)


def _head(name: str, class_: str, held: MeasuredArray, head: tuple[int, int]) -> Curve:
    values = [one[:, head[0], head[1]].tolist() for one in (held.value, held.low, held.high)]
    return Curve(name, class_, held.steps.tolist(), *values)


def keys(group: AttentionGroup) -> list[str]:
    """Of its lines, those that are there."""
    head, has_control = largest_change(group), group.control is not None
    named = "" if head is None else f"head {group.weight.axes[1][head[0]]}.{group.weight.axes[2][head[1]]}"
    held = [
        ("one", f"{named}, of largest Δ", head is not None),
        ("three", "its control", head is not None and has_control),
        ("four", "mean of heads", True),
        ("two", "mean control", has_control),
        ("five", "uniform, 1/(k+1)", group.uniform is not None),
    ]
    return [key(class_, words) for class_, words, is_there in held if is_there]


def caption(group: AttentionGroup) -> str:
    """What is drawn, over how many pairs, and what to beware of."""
    n = group.weight.n[-1]
    pairs = f"; n: {int(np.nanmax(n)):,} pairs" if np.isfinite(n).any() else ""
    return (
        f"Mean weight over training{pairs}. Shaded: 95 % lemma bootstrap. The head was picked for its Δ: that makes it "
        "look better than it is; see the heads that were tested on other lemmas."
    )
