"""The section "Runs compared": what several runs copied and when, in steps and in tokens."""

from __future__ import annotations

from evaluator.compared.comparison import Comparison
from evaluator.compared.settings import FACTS, differing, value_of
from evaluator.report.build import Report
from evaluator.report.compared.curves_figure import over_steps, over_tokens
from evaluator.report.compared.exponent_part import exponent_part
from evaluator.report.compared.first_steps_part import first_steps_part
from evaluator.report.compared.layers_part import layers_part
from evaluator.report.compared.regularised_part import regularised_part
from evaluator.report.compared.run_colours import legend, run_classes
from evaluator.report.compared.sentences import sentences
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, section, table
from evaluator.report.wording import list_text

LEAD = (
    "What was measured of several runs beside minimal pairs. Only runs measured alike, with one tokenizer, stand in "
    "one figure. Steps are updates; tokens are steps × batch × context, padding among them, where both are known."
)


def compared_section(report: Report) -> str:
    """Nothing where fewer than two runs were measured."""
    comparison = report.compared
    if comparison is None:
        return ""
    items = [
        tag("li", tag("b", safe(one.about)), tag("span", safe(one.sentence))) for one in sentences(comparison)
    ]  # fmt: skip
    return section(
        "compared",
        "Runs compared",
        tag("ul", *items, class_="findings") if items else "",
        note(_alike(comparison)),
        *(note(text, "warning") for text in _left_out(comparison)),
        _settings(comparison),
        *_figures(comparison),
        first_steps_part(comparison),
        exponent_part(comparison),
        regularised_part(comparison),
        layers_part(comparison),
        lead=LEAD,
    )


def _alike(comparison: Comparison) -> str:
    """What the runs differ in; schedule and data are beyond what is known."""
    facts = [FACTS[name] for name in differing(comparison.runs)]
    said = f"The runs differ in {list_text(facts)}." if facts else "The runs differ in nothing that is known of them."
    return f"{said} Their data, and the length of their schedules, are not compared."


def _left_out(comparison: Comparison) -> list[str]:
    found = []
    for one in (*comparison.held, *comparison.alone):
        found += [f"{one.quantity.title}: {name} is not compared; {why}." for name, why in one.left_out]
    return found


def _settings(comparison: Comparison) -> str:
    columns = [Column("run"), *(Column(name, True) for name in FACTS.values()), Column("seed", True)]
    rows = []
    for run in comparison.runs:
        values = [*(value_of(run, name) for name in FACTS), run.training.init_seed]
        rows.append([safe(run.name), *("not known" if one is None else safe(_number(one)) for one in values)])
    return table("How the runs were trained", columns, rows)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _figures(comparison: Comparison) -> list[str]:
    if not comparison.held:
        return []
    classes = run_classes(comparison)
    choose = [tag("label", words, for_=f"x-{kind}", class_=f"x-{kind}") for kind, words in AXES.items()]
    parts = [tag("p", *choose, class_="choose"), legend(comparison)]
    for held in comparison.held:
        figures = [
            tag("figure", text) for draw in (over_steps, over_tokens) if (text := draw(held, classes))
        ]  # fmt: skip
        parts += [tag("h3", safe(held.quantity.title)), tag("div", *figures, class_="pair"), note(held.convention)]
    return parts


AXES = {"linear": "linear", "log": "log axis"}
