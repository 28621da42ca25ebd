"""Concept vectors: what holds before and after by paradigm, and for each a map by layer and checkpoint with curves."""

from __future__ import annotations

from evaluator.report.build import Report
from evaluator.report.drawing.heat_map import AUROCS, heat_map
from evaluator.report.drawing.scales import short_number
from evaluator.report.drawing.step_curves import Area, Curve, step_curves
from evaluator.report.drawing.value_axis import ValueAxis
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.concept_rows import adjusted_after, eligible_in
from evaluator.report.inside.concept_table import before_after_table, values_table
from evaluator.report.inside.concept_words import concept_sentence
from evaluator.report.inside.concepts_found import ConceptsFound, NulledArrays
from evaluator.report.inside.page_pieces import MOST_DRAWN, STEP_CHOICE, beside, figure, folded, left_out, of_runs
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import key, note
from evaluator.report.wording import count_text, share_text

LEAD = (
    "The direction from bad to good sentences (mean of h_good − h_bad over proxy-train) is scored on pairs of "
    "proxy-validation: AUROC, .5 is chance. Before is the first checkpoint from step 100 on, after the one at which "
    "proxy-validation first reaches .80, else the last. Layer 0 is that of the embeddings, the control for word form."
)

NULLS = (
    "In brackets and below values: labels of whole critical lemma contrasts turned round at random, central 95 %; p is "
    "one-tailed, adjusted by Benjamini and Hochberg over the eligible paradigms. Disjoint: by "
    "directions of pairs whose critical lemmas differ from the tested pair's; crossed: context lemmas too. Rank: exp "
    "of the entropy of normed singular values of the centred differences, at equal numbers of pairs, with which it "
    "grows."
)


def concepts_section(report: Report) -> str:
    """The table, and for each eligible paradigm a sentence with its figures."""
    return of_runs(report, "concepts", "Concept vectors", LEAD, lambda run: _of_run(report, run))


def _of_run(report: Report, run: EvaluatedRun) -> str:
    found = run.inside.concepts
    if found is None:
        return ""
    uids = [uid for uid in eligible_in(report, run) if uid in found.uids]
    parts = [_said_of_all(found, uids)]
    if uids:
        table = before_after_table(found, uids, adjusted_after(found, uids, found.headline))
        parts += [
            table,
            note(NULLS),
            tag("ul", *(_item(found, uid, at < MOST_DRAWN) for at, uid in enumerate(uids)), class_="findings"),
        ]
    return "".join(parts)


def _said_of_all(found: ConceptsFound, uids: list[str]) -> str:
    left = len(found.uids) - len(uids)
    shown = "eligible and shown" if found.has_split else "shown, by a probe: there is no split"
    said = f"Of {count_text(len(found.uids), 'paradigm')} that were measured {len(uids):,} are {shown}"
    rest = f"; the other {left:,} stand in concept_before_after.csv alone" if left else ""
    other = f" Also measured, not shown: {'; '.join(found.other_conventions)}." if found.other_conventions else ""
    return note(f"{said}{rest}.{left_out(len(uids))} Convention: {found.convention}.{other}")


def _item(found: ConceptsFound, uid: str, is_drawn: bool) -> str:
    """What holds of one paradigm; its figures are folded."""
    said = tag("b", breakable(uid)) + tag("span", safe(concept_sentence(found, uid)))
    return tag("li", said, _folded(found, uid) if is_drawn else "")


def _folded(found: ConceptsFound, uid: str) -> str:
    keys = [
        key("one", "last layer"),
        key("two", "embeddings"),
        key("three", "last layer, lemma-disjoint"),
        key("permuted", "last layer, permuted labels"),
    ]
    left = STEP_CHOICE + figure(_curves(found, uid), _caption(found, uid)) + tag("p", *keys, class_="legend")
    right = figure(_map(found, uid), "AUROC by layer and checkpoint: blue above .5, orange below.")
    inner = tag("div", beside(left, right), values_table(found, uid), class_="card")
    return folded("By layer and checkpoint", inner)


def _caption(found: ConceptsFound, uid: str) -> str:
    at = found.at(found.headline, uid, found.steps[-1], found.layers[-1])
    where = " of proxy-validation" if found.has_split else ", by a probe of other lemmas"
    pairs = "" if at is None or at.n is None else f", {count_text(at.n, 'pair')}{where}"
    return f"AUROC over training{pairs}. Shaded: central 95 % of the last layer with permuted labels. Dotted: chance."


def _curves(found: ConceptsFound, uid: str) -> str:
    held, disjoint, steps = found.arrays[found.headline], found.arrays.get("concept-disjoint-auroc"), list(found.steps)
    first, last = found.layers[0], found.layers[-1]
    curves = [
        Curve("embeddings", "two", steps, _values(held, uid, steps, first)),
        *([Curve("disjoint", "three", steps, _values(disjoint, uid, steps, last))] if disjoint else []),
        Curve("last layer", "one", steps, _values(held, uid, steps, last)),
    ]
    points = [held.at(uid, step, last) for step in steps]
    low, high = (
        [float("nan") if one is None or (end := getattr(one, name)) is None else end for one in points]
        for name in ("null_low", "null_high")
    )
    lowest = min([0.4, *(value for curve in curves for value in curve.values if value == value), *_known(low)])
    axis = ValueAxis("AUROC", max(0.0, int(lowest * 10) / 10), 1.0, (0.5,))
    title = f"{uid}: AUROC of concept vectors by training step, in the end {share_text(curves[-1].values[-1])}"
    return step_curves(title, curves, axis, [Area(steps, low, high)])


def _known(values: list[float]) -> list[float]:
    return [value for value in values if value == value]


def _values(held: NulledArrays, uid: str, steps: list[int], layer: int) -> list[float]:
    points = [held.value.at(uid, step, layer) for step in steps]
    return [float("nan") if one is None or one.value is None else one.value for one in points]


def _map(found: ConceptsFound, uid: str) -> str:
    values = found.auroc.under(uid).value.T  # [layer, checkpoint]
    rows, columns = [str(layer) for layer in found.layers], [short_number(step) for step in found.steps]
    title = f"{uid}: AUROC by layer and checkpoint"
    return heat_map(title, values, AUROCS, rows, columns, ("layer", "checkpoint"))
