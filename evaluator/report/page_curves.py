"""Learning curves over all, by field and by phenomenon: means over paradigms."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.accuracy import Level
from evaluator.report.build import Report
from evaluator.report.drawing.overall_figure import overall_figure
from evaluator.report.drawing.small_multiple import Area, Line, shared_low, small_multiple
from evaluator.report.markup import safe, tag
from evaluator.report.median_curve import median_curve
from evaluator.report.page_parts import Column, section, table
from evaluator.report.wording import capital, count_text, share_text, words


def curves_section(report: Report) -> str:
    """The overall curve and its first and last values; fields and phenomena as small ones."""
    figure = tag("figure", overall_figure(report.runs), tag("figcaption", safe(_caption(report))), class_="overall")
    parts = [tag("div", figure, _ends(report), class_="beside")]
    levels: tuple[Level, ...] = ("field", "phenomenon")
    for level in levels:
        names = _names(report, level)
        if len(names) > 1 or (names and names[0]):
            parts.append(tag("h3", f"By {level}"))
            low = shared_low([("all", run.steps, one.macro)] for run in report.runs for one in run.groups(level))
            parts.append(tag("div", *(_group(report, level, name, low) for name in names), class_="grid"))
    return section("curves", "Learning curves", *parts)


def _caption(report: Report) -> str:
    conventions = ", ".join(dict.fromkeys(run.convention.name for run in report.runs))
    over = f"Accuracy on all pairs, mean over paradigms; convention {conventions}"
    several = "Thin: runs; thick: their median." if len(report.runs) > 1 else "Shaded: lemma bootstrap."
    return f"{over}. {several} Dotted: chance."


def _names(report: Report, level: Level) -> list[str]:
    return sorted({group.name for run in report.runs for group in run.groups(level)})


def _group(report: Report, level: Level, name: str, low: float) -> str:
    held = [(run.steps, group) for run in report.runs if (group := run.group(level, name)) is not None]
    runs: list[Line] = [("all", steps, group.macro) for steps, group in held]
    areas: list[Area] = [("all", steps, group.macro_low, group.macro_high) for steps, group in held]
    several = len(held) > 1
    middle: Line = ("all", *median_curve([(steps, macro) for _, steps, macro in runs])) if several else runs[0]
    last = float(middle[2][-1]) if len(middle[2]) else None
    called = capital(words(name)) if name else f"no {level} named"
    title = f"{called}: accuracy by training step, in the end {share_text(last)}"
    number = count_text(len(held[0][1].paradigms), "paradigm")
    under = tag("b", safe(called)) + tag("span", safe(f"{share_text(last)} · {number}"))
    drawing = small_multiple(title, [middle], low, () if several else areas, runs=runs if several else ())
    return tag("div", drawing, tag("p", under), class_="cell")


def _ends(report: Report) -> str:
    """First and last overall accuracy, by run and level."""
    several = len(report.runs) > 1
    columns = [
        Column("run" if several else "average"),
        Column("first", True),
        Column("last", True),
        Column("95 % interval", True, "lemma bootstrap of the last"),
    ]
    rows: list[Sequence[str]] = []
    for run in report.runs:
        group = run.overall
        ends = f"{share_text(float(group.macro_low[-1]))} – {share_text(float(group.macro_high[-1]))}"
        name = run.name if several else "over paradigms (macro)"
        rows.append([safe(name), share_text(float(group.macro[0])), share_text(float(group.macro[-1])), ends])
        if not several:
            curve = group.pooled
            ends = f"{share_text(float(curve.bootstrap_low[-1]))} – {share_text(float(curve.bootstrap_high[-1]))}"
            first, last = float(curve.accuracy[0]), float(curve.accuracy[-1])
            rows.append(["over pairs", share_text(first), share_text(last), ends])
    return table("Overall accuracy", columns, rows)
