"""The pieces that sections on what is inside models have in common."""

from __future__ import annotations

from collections.abc import Callable

from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import section

MOST_DRAWN = 24
"""Paradigms that have figures in one section, in the order of the report: what can be asked first, by its p."""

ROWS = "All rows are in measurements.parquet of the evaluation, under the measures' names."


def of_runs(report: Report, anchor: str, title: str, lead: str, card: Callable[[EvaluatedRun], str]) -> str:
    """A section with what `card` makes of each run, under its name where there are several; "" where all is ""."""
    found = [(run, text) for run in report.runs if (text := card(run))]
    if not found:
        return ""
    several = len(report.runs) > 1
    parts = [(tag("h3", breakable(run.name)) if several else "") + text for run, text in found]
    return section(anchor, title, *parts, lead=lead)


def card(title: str, under: str, *children: str, steps: bool = True) -> str:
    """A panel; `steps`: with the choice of a linear or logarithmic axis."""
    head = [tag("h3", breakable(title)), tag("p", safe(under)), *([STEP_CHOICE] if steps else [])]
    return tag("article", tag("div", *head, class_="head"), *children, class_="card")


STEP_CHOICE = tag(
    "p",
    *(
        tag("label", name, for_=f"x-{value}", class_=f"x-{value}")
        for value, name in (("linear", "linear"), ("log", "log steps"))
    ),
    class_="choose",
)
"""Labels of the page's radio buttons."""


def figure(drawing: str, caption: str) -> str:
    """A drawing and what it is of."""
    return tag("figure", drawing, tag("figcaption", safe(caption)))


def beside(left: str, *right: str) -> str:
    """Two columns, one below the other where there is no room."""
    return tag("div", tag("div", left), tag("div", *right, class_="side"), class_="beside")


def folded(summary: str, *children: str) -> str:
    """Shown when it is asked for."""
    return tag("details", tag("summary", safe(summary)), *children)


def left_out(number: int) -> str:
    """What is not drawn of `number` paradigms."""
    return f" Figures are drawn of the first {MOST_DRAWN} of them, in the order of lags." if number > MOST_DRAWN else ""


def maps(*cells: str) -> str:
    """Small maps, side by side as there is room."""
    return tag("div", *cells, class_="grid maps")


def small_map(drawing: str, name: str, words: str) -> str:
    """One of them: its name and what it is."""
    return tag("div", drawing, tag("p", tag("b", safe(name)), tag("span", safe(words))), class_="cell")
