"""Which line a run has in every figure of several runs, and its name in the legend."""

from __future__ import annotations

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.comparison import Comparison
from evaluator.compared.settings import differing, families, settings_text
from evaluator.report.markup import tag
from evaluator.report.page_parts import key

COLOURS = 8
"""Of page.css, .r1 … .r8; more than those are dashed."""


def run_classes(comparison: Comparison) -> dict[str, str]:
    """Run → classes. Each run has its own; of more than eight, those alike but for their seed have one together."""
    runs = comparison.runs
    groups = [(run,) for run in runs] if len(runs) <= COLOURS else [family.runs for family in families(runs)]
    return {run.name: _class(place) for place, group in enumerate(groups) for run in group}


def _class(place: int) -> str:
    dashed = " dashed" if place // COLOURS % 2 else ""
    return f"run r{place % COLOURS + 1}{dashed}"


def legend(comparison: Comparison) -> str:
    """What each line is: the runs, and in which facts they differ from the others."""
    facts = differing(comparison.runs)
    by_class: dict[str, list[ComparedRun]] = {}
    for run in comparison.runs:
        by_class.setdefault(run_classes(comparison)[run.name], []).append(run)
    keys = [key(class_, _called(runs, facts)) for class_, runs in by_class.items()]
    return tag("p", *keys, class_="legend")


def _called(runs: list[ComparedRun], facts: list[str]) -> str:
    names = ", ".join(run.name for run in runs)
    return f"{names}: {settings_text(runs[0], facts)}" if facts else names
