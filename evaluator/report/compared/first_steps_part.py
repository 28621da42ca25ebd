"""When each run first reached each θ, as tables: steps, and tokens below them."""

from __future__ import annotations

from evaluator.compared.comparable import Comparable
from evaluator.compared.comparison import Comparison
from evaluator.compared.first_steps import FirstStep
from evaluator.report.compared.phrases import first_text, first_tokens_text, theta_text
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE

READ = (
    "The first checkpoint at or above θ, and the one before it: it happened between them. “>”: not up to the last "
    "checkpoint. Below: the same in tokens. *: below θ again at the last checkpoint. No θ is the right one."
)


def first_steps_part(comparison: Comparison) -> str:
    """A table a quantity."""
    tables = [_table(comparison, held) for held in comparison.held]
    return "".join([tag("h3", "First steps"), note(READ), *tables]) if tables else ""


def _table(comparison: Comparison, held: Comparable) -> str:
    thetas = held.quantity.thetas
    columns = [Column("run"), *(Column(theta_text(theta), True) for theta in thetas)]
    rows = []
    for curve in held.curves:
        mine = [one for one in comparison.first_steps if one.curve is curve]
        rows.append([safe(curve.run.name), *(_cell(one) for one in mine)])
    return table(f"{held.quantity.title}: first steps", columns, rows)


def _cell(one: FirstStep) -> str:
    star = "*" if one.is_below_at_end else ""
    tokens = first_tokens_text(one)
    below = "" if tokens == NONE else tag("span", safe(tokens), class_="under")
    return safe(f"{first_text(one)}{star}") + below
