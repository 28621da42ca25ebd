"""Licensing of "ever": the phrase shows what does or does not license it."""

from __future__ import annotations

import pytest

CASES = {
    "matrix_question_npi_licensor_present": [
        (
            "Should a lot of cooks ever sing?",
            "A lot of cooks should ever sing.",
            ("should a lot of cooks ever", "ever", 5, "should", 0),
            ("a lot of cooks should ever", "ever", 5, "should", 4),
        ),
    ],
    "npi_present_1": [
        (
            "Even those ice creams often melted.",
            "Even those ice creams ever melted.",
            ("even those ice creams often", "often", 4, "even", 0),
            ("even those ice creams ever", "ever", 4, "even", 0),
        ),
    ],
    "npi_present_2": [
        (
            "Harvard University has clearly grown.",
            "Harvard University has ever grown.",
            ("harvard university has clearly", "clearly", 3, None, None),
            ("harvard university has ever", "ever", 3, None, None),
        ),
    ],
    "only_npi_licensor_present": [
        (
            "Only that cook would ever yell.",
            "Even that cook would ever yell.",
            ("only that cook would ever", "only", 0, "ever", 4),
            ("even that cook would ever", "even", 0, "ever", 4),
        ),
    ],
    "sentential_negation_npi_licensor_present": [
        (
            "Two cooks had not ever slept.",
            "Two cooks had probably ever slept.",
            ("not ever", "not", 3, "ever", 4),
            ("probably ever", "probably", 3, "ever", 4),
        ),
    ],
    "only_npi_scope": [
        (
            "Only a cook that Ann met ever sang.",
            "A cook that only Ann met ever sang.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "sentential_negation_npi_scope": [
        (
            "The cook that had met Ann has not ever sung.",
            "The cook that had not met Ann has ever sung.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
}

FACTS = {
    "matrix_question_npi_licensor_present": ("B", 0, False, ()),
    "npi_present_1": ("B", 0, False, ()),
    "npi_present_2": ("B", 0, False, ()),
    "only_npi_licensor_present": ("C", 0, False, ("degenerate",)),
    "sentential_negation_npi_licensor_present": ("C", 0, False, ("degenerate",)),
    "only_npi_scope": ("E", 0, False, ()),
    "sentential_negation_npi_scope": ("E", 0, False, ()),
}


@pytest.mark.parametrize(
    ("uid", "good", "bad", "on_good", "on_bad"),
    [(uid, *case) for uid, cases in CASES.items() for case in cases],
)
def test_marks(mark, uid, good, bad, on_good, on_bad):
    """Phrase, critical word and context word of both sides are the ones a linguist would mark."""
    assert mark(uid, good, bad) == (on_good, on_bad)


@pytest.mark.parametrize("uid", FACTS)
def test_facts(facts, uid):
    """Class, window, anchor and flags are the method's."""
    assert facts(uid) == FACTS[uid]
