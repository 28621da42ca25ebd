"""What holds of attention to the context word, in a plain sentence, beside its control and its null."""

from __future__ import annotations

import numpy as np

from evaluator.report.inside.attention_found import AttentionGroup, mean_of
from evaluator.report.inside.head_figures import Figure
from evaluator.report.inside.values import number_text, signed_text, span_text
from evaluator.report.standing import SIGNIFICANT
from evaluator.report.wording import list_text, p_phrase, share_text

NAMED_HEADS = 3


def name_of(group: AttentionGroup) -> str:
    """For people."""
    return "all pairs" if group.level == "overall" else group.name


def largest_change(group: AttentionGroup) -> tuple[int, int] | None:
    """[layer, head] places of the largest Δ; None where there is none."""
    change = group.change
    if change is None or not np.isfinite(change).any():
        return None
    layer, head = np.unravel_index(int(np.nanargmax(change)), change.shape)
    return int(layer), int(head)


def attention_sentence(group: AttentionGroup) -> str:
    """Gain, concentration and heads."""
    steps = span_text(group.span)
    return " ".join(part for part in (_gain(group, steps), _concentration(group), _heads(group)) if part)


def _gain(group: AttentionGroup, steps: str) -> str:
    change, control = mean_change(group)
    if change is None:
        return f"No weight is known at both checkpoints ({steps})."
    beside = "" if control is None else f", of its control {signed_text(control)}"
    total = figure_of(group, "positive-total")
    verdict = ""
    if total is not None and total.p is not None:
        gains = "more than" if total.p < SIGNIFICANT else "not shown to be more than"
        gained = f"what rising heads gained, Σ Δ⁺ {share_text(total.word.value)}"
        verdict = f"; {gained}, is {gains} their control's ({_against(total)})"
    return f"Mean Δ over heads {signed_text(change)}{beside} ({steps}){verdict}."


def mean_change(group: AttentionGroup) -> tuple[float | None, float | None]:
    """Mean Δ over heads of the word and of its control, of the pairs that have both; of the word alone where that was
    not compared.
    """
    both = figure_of(group, "mean")
    if both is None or both.control is None:
        return mean_of(group.change), None
    return both.word.value, both.control.value


def figure_of(group: AttentionGroup, name: str) -> Figure | None:
    """One figure of the change; None where it was not measured."""
    return next((one for one in group.figures if one.name == name), None)


def _against(one: Figure) -> str:
    control = None if one.control is None else one.control.value
    return f"{share_text(control)}, {p_phrase(one.p)}"


def _concentration(group: AttentionGroup) -> str:
    """By the effective number of heads, the figure that reads best, and the top head's share."""
    heads, top = figure_of(group, "effective-heads"), figure_of(group, "top1-share")
    if heads is None or heads.p is None:
        return ""
    is_more = heads.p < SIGNIFICANT
    control = None if heads.control is None else heads.control.value
    share = "" if top is None else f"; the top head has {share_text(top.word.value)} of the gain"
    return (
        f"This gain is {'' if is_more else 'not shown to be '}more concentrated than the control's: effectively "
        f"{number_text(heads.word.value, 1)} heads, control {number_text(control, 1)}, {p_phrase(heads.p)}{share}."
    )


def _heads(group: AttentionGroup) -> str:
    if not group.heads:
        return ""
    held = group.selected
    if not held:
        return "No head stands on lemmas that had no part in choosing it."
    named = [f"{one.layer}.{one.head} ({signed_text(one.held_out)}, {p_phrase(one.p)})" for one in held[:NAMED_HEADS]]
    more = [f"{len(held) - NAMED_HEADS:,} more"] if len(held) > NAMED_HEADS else []
    stands = "1 head stands" if len(held) == 1 else f"{len(held):,} heads stand"
    return f"On held-out lemmas {stands}: {list_text([*named, *more])}."
