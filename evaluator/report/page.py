"""The page: one self-contained HTML document that needs neither a network nor a script."""

from __future__ import annotations

from pathlib import Path

from evaluator.report.build import Report
from evaluator.report.compared.section import compared_section
from evaluator.report.inside.page_attention import attention_section
from evaluator.report.inside.page_concepts import concepts_section
from evaluator.report.inside.page_copying import copying_section
from evaluator.report.inside.page_induction import induction_section
from evaluator.report.markup import safe, tag
from evaluator.report.page_checkpoints import checkpoints_section
from evaluator.report.page_conventions import conventions_section, foot
from evaluator.report.page_curves import curves_section
from evaluator.report.page_findings import findings_section, header
from evaluator.report.page_funnel import funnel_section
from evaluator.report.page_lags import lags_section
from evaluator.report.page_paradigms import grid_section, paradigms_section
from evaluator.report.page_since import since_section

STYLE = Path(__file__).with_name("page.css")

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""For browsers: nothing is ever fetched or run, whatever stands in the corpus."""

SECTIONS = (
    findings_section,
    lags_section,
    curves_section,
    grid_section,
    paradigms_section,
    since_section,
    concepts_section,
    attention_section,
    copying_section,
    induction_section,
    funnel_section,
    compared_section,
    checkpoints_section,
    conventions_section,
)
"""In the order of the page. Each gives "" where it has nothing to say."""

CHOICES = (("x", "linear", True), ("x", "log", False), ("band", "bootstrap", True), ("band", "wilson", False))
"""What a reader can choose, by radio buttons and style alone: the axis of steps, and which interval is drawn."""


def page(report: Report) -> str:
    """The document. Same report, same text."""
    sections = [text for one in SECTIONS if (text := one(report))]
    title = ", ".join(run.name for run in report.runs)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", safe(f"{title}: delayed generalisation")),
        tag("style", STYLE.read_text(encoding="utf-8")),
    )
    body = tag("body", _choices(), header(report), tag("main", *sections), foot(report))
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>\n'


def _choices() -> str:
    """The radio buttons, out of sight: labels beside each figure press them."""
    return "".join(
        tag(
            "input",
            type="radio",
            name=name,
            id=f"{name}-{value}",
            class_="choice",
            aria_label=f"{_CHOSEN[name]}: {value}",
            checked="" if is_first else None,
        )
        for name, value, is_first in CHOICES
    )


_CHOSEN = {"x": "axis of training steps", "band": "interval drawn"}
