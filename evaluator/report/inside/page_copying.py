"""Copying from the context: over steps, by position, when it came; and the ICL score."""

from __future__ import annotations

from evaluator.crossings import Crossing
from evaluator.report.build import Report
from evaluator.report.drawing.position_curves import position_curves
from evaluator.report.drawing.step_curves import LINES, Curve, step_curves
from evaluator.report.drawing.value_axis import ValueAxis, fitting_axis
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.copying_found import COPIES_AT, CopyingFound, CopyResult
from evaluator.report.inside.measured_arrays import MeasuredArray
from evaluator.report.inside.page_pieces import ROWS, beside, card, figure, folded, of_runs
from evaluator.report.inside.values import between_text, number_text
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, key, table
from evaluator.report.wording import share_text, steps_text

LEAD = (
    "Can the model repeat what stands in its context? Each query gives a 12-token prefix of a random sequence that it "
    "has just read; it is right where greedy decoding gives all six tokens of its suffix. Guessing gives practically 0."
)
NAMES = {"tokens": "random tokens", "hex": "random hex characters"}


def copying_section(report: Report) -> str:
    """A card for copying and one for the ICL score, of each run."""
    return of_runs(report, "copying", "Copying", LEAD, _of_run)


def _of_run(run: EvaluatedRun) -> str:
    found = run.inside.copying
    if found is None:
        return ""
    return (_copying(found) if found.results else "") + ("" if found.icl is None else _icl(found.icl))


def _copying(found: CopyingFound) -> str:
    left = figure(_over_steps(found), _caption(found)) + _legend(found)
    right = [_when(found), *(_by_position(one) for one in found.results if one.accuracy.max(initial=0) >= COPIES_AT[0])]
    points = folded("All points", *(_points(one) + _places(one) for one in found.results))
    under = "; ".join(dict.fromkeys(one.overall.convention for one in found.results))
    return card("Copying from the context", under, beside(left, *right), points)


def _legend(found: CopyingFound) -> str:
    keys = [key(line, NAMES[one.generator]) for line, one in zip(LINES, found.results, strict=False)]
    return tag("p", *keys, class_="legend")


def _over_steps(found: CopyingFound) -> str:
    curves = [
        Curve(
            NAMES[one.generator],
            line,
            one.overall.steps.tolist(),
            one.overall.value.tolist(),
            one.overall.low.tolist(),
            one.overall.high.tolist(),
        )
        for line, one in zip(LINES, found.results, strict=False)
    ]
    ends = ", ".join(f"{share_text(one.values[-1])} ({one.name})" for one in curves)
    return step_curves(f"Copying by training step, in the end {ends}", curves, ValueAxis("copied", 0, 1, (0.5,)))


def _caption(found: CopyingFound) -> str:
    queries = [one.overall.n[-1] for one in found.results]
    return (
        f"Share of queries whose suffix is copied exactly; shaded: Wilson's interval on the effective number of the "
        f"{queries[0]:,.0f} queries of a checkpoint (those of a sample share their context). Dotted: half."
    )


def _when(found: CopyingFound) -> str:
    columns = [Column("copied"), *(Column(NAMES[one.generator], True) for one in found.results)]
    rows = [
        [f"first ≥ {share_text(share, 1)}", *(safe(when_text(one.crossing(share))) for one in found.results)]
        for share in COPIES_AT
    ]
    last = ["in the end", *(_last(one.overall) for one in found.results)]
    return table("When copying came, in steps", columns, [*rows, last])


def when_text(crossing: Crossing) -> str:
    """The step, and the gap in which it happened: "900 (800 … 900]"; "never", "from the start"."""
    if crossing.step is None:
        return "never"
    if crossing.after is None:
        return f"{steps_text(crossing.step)}, the first"
    return f"({steps_text(crossing.after)}, {steps_text(crossing.step)}]"


def _last(array: MeasuredArray) -> str:
    return f"{share_text(float(array.value[-1]))} [{between_text(float(array.low[-1]), float(array.high[-1]))}]"


def _by_position(one: CopyResult) -> str:
    held = _by_step(one)
    drawing = position_curves(f"Copying by position, {NAMES[one.generator]}", one.positions.tolist(), held)
    lines = "a line a checkpoint: the first, the first at .1 and at .5, the last."
    caption = f"By the place of the sequence in the context, {NAMES[one.generator]}, {lines}"
    return figure(drawing, caption)


def _by_step(one: CopyResult) -> list[tuple[str, list[float]]]:
    """Of the checkpoints that are shown by position."""
    places = [(step, one.position_steps.index(step)) for step in one.chosen_steps]
    return [(steps_text(step), one.accuracy[at].tolist()) for step, at in places]


def _places(one: CopyResult) -> str:
    if not len(one.positions):
        return ""
    columns = [Column("step", True), *(Column(str(at), True) for at in one.positions.tolist())]
    rows = [[step, *(share_text(value, 2) for value in values)] for step, values in _by_step(one)]
    return table(f"Copied, by the place of the sequence, {NAMES[one.generator]}", columns, rows)


def _points(one: CopyResult) -> str:
    columns = [Column("step", True), Column("copied", True), Column("Wilson", True), Column("queries", True)]
    held = one.overall
    rows = [
        [f"{step:,}", share_text(value), between_text(low, high), f"{n:,.0f}"]
        for step, value, low, high, n in zip(
            held.steps.tolist(),
            held.value.tolist(),
            held.low.tolist(),
            held.high.tolist(),
            held.n.tolist(),
            strict=True,
        )
    ]
    return table(f"Copying by checkpoint, {NAMES[one.generator]}", columns, rows)


def _icl(held: MeasuredArray) -> str:
    steps, value, low, high = (one.tolist() for one in (held.steps, held.value, held.low, held.high))
    axis = fitting_axis("nats", [*value, *low, *high], marked=(0.0,))
    drawing = step_curves(
        f"ICL score by training step, in the end {number_text(value[-1])} nats",
        [Curve("ICL score", "one", steps, value, low, high)],
        axis,
    )
    caption = (
        f"{held.convention}; below 0 where context helps. Shaded: Student's 95 % over {held.n[-1]:,.0f} rows of text. "
        "Dotted: 0, no help from context."
    )
    columns = [Column("step", True), Column("ICL score", True), Column("95 %", True)]
    rows = [
        [f"{step:,}", safe(number_text(of)), safe(between_text(below, above, number_text))]
        for step, of, below, above in zip(steps, value, low, high, strict=True)
    ]
    points = table("ICL score by checkpoint, nats", columns, rows)
    return card("In-context learning score", ROWS, beside(figure(drawing, caption), folded("All points", points)))
