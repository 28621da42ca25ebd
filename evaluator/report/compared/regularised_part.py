"""Regularised against not, at the last checkpoint that the runs have in common."""

from __future__ import annotations

from evaluator.compared.arm import Arm
from evaluator.compared.comparison import Comparison
from evaluator.compared.regularisation import Contrast
from evaluator.compared.settings import FACTS
from evaluator.report.compared.phrases import ends_text, signed_share
from evaluator.report.compared.sentences import COPY_FIGURES
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE, list_text, share_text, steps_text

READ = (
    "Means over runs at the same training step, of runs that differ in the regulariser and their seed alone. The unit "
    "is the seed: Student's interval of a mean, Welch's of a difference. Of one run each the interval is over queries "
    "of the test; it does not say what another seed would give."
)

COLUMNS = (
    Column("regulariser"),
    Column("step", True),
    Column("without", True),
    Column("95 %", True),
    Column("with", True),
    Column("95 %", True),
    Column("difference", True),
    Column("95 %", True),
    Column("interval over"),
    Column("runs without / with"),
)


def regularised_part(comparison: Comparison) -> str:
    """A table a quantity, or why there is none."""
    if not comparison.regularisation:
        return ""
    parts = []
    for held in comparison.regularisation:
        if held.reason is not None:
            parts.append(note(held.reason))
        else:
            rows = [_row(one) for one in held.contrasts]
            parts.append(table(f"{held.held.quantity.title}: regularised against not", COLUMNS, rows))
    has_any = any(held.contrasts for held in comparison.regularisation)
    read = [note(READ)] if has_any else []
    return "".join([tag("h3", "Regularised against not"), *read, *dict.fromkeys(parts), note(COPY_FIGURES)])


def _row(one: Contrast) -> list[str]:
    step = int(one.steps[-1])
    ends = one.difference_ends(step)
    return [
        safe(f"{FACTS[one.factor]} {one.amount:g}"),
        steps_text(step),
        *_arm(one.plain, step),
        *_arm(one.treated, step),
        signed_share(one.difference(step)),
        ends_text(ends, is_signed=True),
        NONE if ends is None else ends[2],
        safe(f"{list_text(one.plain.names)} / {list_text(one.treated.names)}"),
    ]


def _arm(arm: Arm, step: int) -> list[str]:
    return [share_text(float(arm.values(step).mean())), ends_text(arm.ends(step))]
