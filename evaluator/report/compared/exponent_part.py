"""Do updates or tokens decide? α by quantity and θ, each with its interval, and what is excluded."""

from __future__ import annotations

from itertools import groupby

from evaluator.compared.comparison import Comparison
from evaluator.compared.exponents import HYPOTHESES, FamilyExponent
from evaluator.report.compared.onset_figure import onset_figure
from evaluator.report.compared.phrases import alpha_interval, alpha_text, theta_text
from evaluator.report.compared.run_colours import run_classes
from evaluator.report.compared.sentences import caveats_text
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, table
from evaluator.report.wording import NONE, list_text

READ = (
    "α of t(tokens) ∝ (batch × context)^α, over runs alike in all else that is known: 1 where runs need the same "
    "number of updates (COPY, for copying), 0 where tokens decide, ½ what arXiv 2511.16893 finds for induction heads. "
    "Fitted by maximum likelihood to the intervals between checkpoints; runs that never reach θ count as later than "
    "their last checkpoint. Without noise: every α for which a law passes through all intervals exactly."
)

COLUMNS = (
    Column("θ"),
    Column("α", True),
    Column("95 % interval", True, "profile likelihood, with the quantile of Student's t"),
    Column("without noise", True, "what the spacing of checkpoints and censoring alone leave open"),
    Column("seen", True, "runs whose event lies between checkpoints, of all"),
    *(Column(f"α = {alpha:g}", explained=claim) for claim, alpha in HYPOTHESES.items()),
)


def exponent_part(comparison: Comparison) -> str:
    """A table for each quantity and set of runs; one sentence where all is refused."""
    if not comparison.exponents:
        return ""
    groups = groupby(comparison.exponents, key=lambda one: (one.quantity.measure, one.family.names))
    classes = run_classes(comparison)
    parts = [_group(list(held), classes) for _, held in groups]
    return "".join([tag("h3", "Updates or tokens"), note(READ), *dict.fromkeys(parts)])


def _group(held: list[FamilyExponent], classes: dict[str, str]) -> str:
    called = f"{held[0].quantity.title}: {list_text(held[0].family.names)}"
    if all(one.found is None for one in held):
        reasons = "; ".join(dict.fromkeys(one.reason or "" for one in held))
        return note(f"No α. {called}: {reasons}.")
    remarks = dict.fromkeys(f"{theta_text(one.theta)}: {_remark(one)}." for one in held if _remark(one))
    caveats = caveats_text(held[0])
    said = "".join(map(note, [*remarks, *([caveats] if caveats else [])]))
    figures = [one for one in held if one.found is not None and one.found.estimate is not None]
    drawn = onset_figure(figures[len(figures) // 2], classes) if figures else ""
    figure = tag("figure", drawn, tag("figcaption", safe(_caption(figures[len(figures) // 2])))) if drawn else ""
    rows = table(f"α. {called}", COLUMNS, [_row(one) for one in held])
    return tag("div", tag("div", rows, said), tag("div", figure), class_="beside")


def _caption(one: FamilyExponent) -> str:
    return (
        f"{theta_text(one.theta)}. Bars: between which tokens each run reached it; an arrow where it never did. Thick: "
        "the fitted slope; dotted: the slopes 1, ½ and 0 through the middle."
    )


def _row(one: FamilyExponent) -> list[str]:
    found = one.found
    if found is None:
        return [theta_text(one.theta), *[NONE] * 7]
    claims = [_claim(one.excludes(alpha)) for alpha in HYPOTHESES.values()]
    return [
        theta_text(one.theta),
        alpha_text(found.estimate),
        alpha_interval(found.interval),
        alpha_interval(found.exact),
        f"{found.seen} of {found.runs}",
        *claims,
    ]


def _claim(is_excluded: bool | None) -> str:
    return NONE if is_excluded is None else "excluded" if is_excluded else "inside"


def _remark(one: FamilyExponent) -> str:
    missing = [step.run.name for step in one.events if step.event is None]
    unsized = f"size not known, left out: {', '.join(missing)}" if missing else ""
    return "; ".join(filter(None, [one.reason, unsized]))
