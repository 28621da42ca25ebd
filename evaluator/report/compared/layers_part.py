"""Whether induction heads form from shallow to deep layers: a line a run, and one for several together."""

from __future__ import annotations

from evaluator.compared.comparison import Comparison
from evaluator.compared.formation_order import BOTH, FormationOrder
from evaluator.measures.onset.layer_order import Heads
from evaluator.report.compared.phrases import theta_text
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE, list_text, p_phrase, share_text

READ = (
    "Spearman's coefficient of layer against the first checkpoint with I ≥ θ, of all heads, those that never form tied "
    "as the last, or of those that form alone; layers from 1 on; positive where shallow layers come first. p: how "
    "often layers permuted within each run have at least as large a one; of n layers of one run it is not much below "
    "1/n!. Below: how many heads form."
)


def layers_part(comparison: Comparison) -> str:
    """A table of all heads and one of those that form, θ across."""
    if not comparison.orders:
        return ""
    tables = [_table(comparison, heads) for heads in BOTH]
    unsaid = dict.fromkeys(one.order.reason for one in comparison.orders if one.order.reason)
    said = [note(f"{NONE}: {reason}.") for reason in unsaid]
    return "".join([tag("h3", "Order of layers"), note(READ), *tables, *said])


CAPTIONS: dict[Heads, str] = {"all": "Order of layers, all heads", "formed": "Order of layers, heads that form"}


def _table(comparison: Comparison, heads: Heads) -> str:
    by_runs: dict[tuple[str, ...], list[FormationOrder]] = {}
    for one in (found for found in comparison.orders if found.order.heads == heads):
        by_runs.setdefault(one.runs, []).append(one)
    thetas = [one.order.theta for one in next(iter(by_runs.values()))]
    columns = [Column("run"), *(Column(theta_text(theta), True) for theta in thetas)]
    rows = [[safe(_called(runs)), *map(_cell, held)] for runs, held in by_runs.items()]
    return table(CAPTIONS[heads], columns, rows)


def _called(runs: tuple[str, ...]) -> str:
    return runs[0] if len(runs) == 1 else f"together: {list_text(runs)}"


def _cell(one: FormationOrder) -> str:
    formed = f"{sum(one.order.formed)} of {one.heads * len(one.runs)}"
    below = tag("span", safe(formed), class_="under")
    if one.order.coefficient is None:
        return NONE + below
    words = f"{share_text(one.order.coefficient, 2)} ({p_phrase(one.order.p_shallow_first)})"
    return safe(words) + below
