"""Sentences on concept vectors claim no more than their nulls allow."""

from __future__ import annotations

import pytest
from inside_measurements import Inside, Rows, concept_rows, table_of
from numpy.random import default_rng

from evaluator.report.inside.concept_words import concept_sentence
from evaluator.report.inside.concepts_found import ConceptsFound
from evaluator.report.inside.found import inside_of

UID = "irregular_past_participle_adjectives"
STEPS = (0, 100, 900)
LAYERS = 2


def found_in(rows: Rows) -> ConceptsFound:
    found = inside_of(table_of(rows), None).concepts
    assert found is not None
    return found


def planted(at: float, *more: tuple[object, ...]) -> Rows:
    plant = Inside(layers=LAYERS, concepts={UID: at})
    return [*(row for step in STEPS for row in concept_rows(plant, step, default_rng(0))), *more]


def swap(value: float, p: float) -> list[tuple[object, ...]]:
    """A swap test at the last layer and step."""
    named = next(iter(planted(1.0)))[-1]
    where = (STEPS[-1], "paradigm", UID, "agreement", "everything", LAYERS, None)
    return [
        ("concept-swap-disjoint-auroc", *where, value, 300, None, None, named),
        ("concept-swap-disjoint-auroc-null", *where, 0.5, 300, 0.4, 0.6, named),
        ("concept-swap-disjoint-auroc-p", *where, p, 300, None, None, named),
    ]


@pytest.mark.parametrize(
    ("value", "p", "says"),
    [(0.2, 0.005, "its direction is the form of a word"), (0.2, 0.2, "not shown"), (0.8, 0.995, "not shown")],
)
def test_the_swap_test_speaks_where_it_is_low(value: float, p: float, says: str) -> None:
    """Below ½ and below its null; nothing is said where there is none."""
    assert says in concept_sentence(found_in(planted(500.0, *swap(value, p))), UID)
    assert "Swap" not in concept_sentence(found_in(planted(500.0)), UID)


def unsaid(*names: str) -> list[tuple[object, ...]]:
    """The planted rows, those of `names` without a value."""
    return [(*row[:8], None, *row[9:]) if str(row[0]).startswith(names) else row for row in planted(500.0)]


def test_without_a_split_a_probe_speaks_of_all_pairs() -> None:
    """A value that is null is said to be none, and not 0; the probe, which needs no split, stands first."""
    found = found_in(unsaid("concept-auroc", "concept-disjoint"))
    assert (found.has_split, found.headline, found.split_of("probe-auroc")) == (False, "probe-auroc", "everything")
    assert concept_sentence(found, UID).startswith("No split, so no direction to test. A probe of lemmas")
    nothing = found_in(unsaid("concept-auroc", "concept-disjoint", "probe"))
    assert "no separation can be said" in concept_sentence(nothing, UID)
    split = found_in(planted(500.0))
    assert (split.has_split, split.headline, split.split_of("probe-auroc")) == (
        True, "concept-auroc", "proxy-validation",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "when"), [(0.0, "before already, and after"), (float("inf"), "neither before nor after")]
)
def test_both_checkpoints_are_judged(at: float, when: str) -> None:
    """Whether it was there before is said as well."""
    assert concept_sentence(found_in(planted(at)), UID).startswith(f"Beyond permuted labels {when}")
