"""Tables of concept vectors: a line a paradigm before and after, and for one paradigm all that was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evaluator.report.inside.concepts_found import AUROC, ConceptsFound, Nulled
from evaluator.report.inside.values import between_text, number_text
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, table
from evaluator.report.wording import NONE, p_text, share_text, steps_text

Write = Callable[[float], str]

WORDS: dict[str, str] = {
    AUROC: "AUROC",
    "concept-disjoint-auroc": "AUROC, lemma-disjoint",
    "concept-crossed-auroc": "AUROC, crossed lemmas",
    "probe-auroc": "AUROC of a linear probe",
    "concept-paired": "P(v·v̄ > 0)",
    "concept-disjoint-paired": "P(v·v̄ > 0), lemma-disjoint",
    "concept-rank": "effective rank",
    "concept-participation": "participation ratio",
    "concept-rank-mismatch": "rank, null of mismatched pairs",
    "concept-rank-all": "rank of all pairs",
    "concept-swap-auroc": "swap test, AUROC",
    "concept-swap-disjoint-auroc": "swap test, lemma-disjoint",
}
"""Measure → its line."""


def before_after_table(found: ConceptsFound, uids: list[str], adjusted: Mapping[str, float]) -> str:
    """The last layer, and beside it the embeddings."""
    columns = [
        Column("paradigm"),
        Column("steps", True, "before → after"),
        Column("before", True, None, "AUROC, last layer"),
        Column("after", True, "below: permuted labels", "AUROC, last layer"),
        Column("p", True, "after; below: adjusted over the paradigms shown", "AUROC, last layer"),
        Column("disjoint", True, "directions that have not met the lemma", "AUROC after"),
        Column("embeddings", True, "layer 0: word form alone", "AUROC after"),
        Column("probe", True, "cross-validated over lemmas", "AUROC after"),
        Column("paired after", True, "P(v·v̄ > 0), last layer"),
        Column("before", True, None, "effective rank"),
        Column("after", True, "below: permuted labels", "effective rank"),
    ]
    return table("Concept vectors before and after", columns, [_row(found, uid, adjusted.get(uid)) for uid in uids])


def _row(found: ConceptsFound, uid: str, adjusted: float | None) -> list[str]:
    span, last, first = found.spans[uid], found.layers[-1], found.layers[0]

    def at(measure: str, step: int = span.after, layer: int = last) -> Nulled | None:
        return found.at(measure, uid, step, layer)

    steps = safe(f"{steps_text(span.before)} → {steps_text(span.after)}")
    ends = steps if span.is_crossing else steps + tag("span", "the last", class_="under", title=span.note)
    auroc = at(found.headline)
    under = "" if adjusted is None else tag("span", f"adj. {safe(p_text(adjusted))}", class_="under")
    return [
        breakable(uid),
        ends,
        _alone(at(found.headline, span.before)),
        _with_null(auroc),
        safe(p_text(None if auroc is None else auroc.p)) + under,
        _alone(at("concept-disjoint-auroc")),
        _alone(at(found.headline, span.after, first)),
        _alone(at("probe-auroc")),
        _alone(at("concept-paired")),
        _alone(at("concept-rank", span.before), _rank),
        _with_null(at("concept-rank"), _rank),
    ]


def _rank(value: float) -> str:
    return number_text(value, 1)


def _alone(value: Nulled | None, write: Write = share_text) -> str:
    return NONE if value is None else safe(write(value.value))


def _with_null(value: Nulled | None, write: Write = share_text) -> str:
    if value is None:
        return NONE
    null = between_text(value.null_low, value.null_high, write)
    return safe(write(value.value)) + (tag("span", safe(null), class_="under") if null else "")


def values_table(found: ConceptsFound, uid: str) -> str:
    """All measures of one paradigm at the last layer and at the embeddings, before and after."""
    span = found.spans[uid]
    groups = [
        (f"{name}, step {steps_text(step)}", step, layer)
        for name, layer in (("last layer", found.layers[-1]), ("embeddings", found.layers[0]))
        for step in (span.before, span.after)
    ]
    columns = [
        Column("of proxy-validation; ranks of all pairs"),
        Column("n", True),
        *(
            column
            for name, *_ in groups
            for column in (
                Column("value", True, None, name),
                Column("null", True, None, name),
                Column("p", True, None, name),
            )
        ),
    ]
    rows = [
        [
            safe(WORDS[measure]),
            _n(found.at(measure, uid, span.after, found.layers[-1])),
            *_cells(found, uid, measure, groups),
        ]
        for measure in found.arrays
        if any(found.at(measure, uid, step, layer) is not None for _, step, layer in groups)
    ]
    return table(f"{uid}: concept vectors", columns, rows)


def _n(value: Nulled | None) -> str:
    return NONE if value is None or value.n is None else f"{value.n:,}"


def _cells(found: ConceptsFound, uid: str, measure: str, groups: list[tuple[str, int, int]]) -> list[str]:
    write = _rank if "rank" in measure or "participation" in measure else share_text
    cells = []
    for _, step, layer in groups:
        value = found.at(measure, uid, step, layer)
        null = "" if value is None else between_text(value.null_low, value.null_high, write)
        cells += [_alone(value, write), safe(null) or NONE, safe(p_text(None if value is None else value.p))]
    return cells
