"""Filler–gap dependencies: none has a phrase."""

from __future__ import annotations

import pytest

CASES = {
    "wh_vs_that_no_gap": [
        (
            "Ann knew that Tim met Ruth.",
            "Ann knew who Tim met Ruth.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_vs_that_no_gap_long_distance": [
        (
            "Ann knew that a cook that sang met Ruth.",
            "Ann knew who a cook that sang met Ruth.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_vs_that_with_gap": [
        (
            "Ann knew who Tim met.",
            "Ann knew that Tim met.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_vs_that_with_gap_long_distance": [
        (
            "Ann knew who a cook that sang met.",
            "Ann knew that a cook that sang met.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_questions_object_gap": [
        (
            "Ann saw the vase that Tim sold.",
            "Ann saw what Tim sold the vase.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_questions_subject_gap": [
        (
            "Ann saw a cook that met Tim.",
            "Ann saw who a cook met Tim.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_questions_subject_gap_long_distance": [
        (
            "Ann saw a cook that Ruth knew that met Tim.",
            "Ann saw who a cook that Ruth knew met Tim.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
}

FACTS = {
    "wh_vs_that_no_gap": ("E", 0, False, ()),
    "wh_vs_that_no_gap_long_distance": ("E", 0, False, ()),
    "wh_vs_that_with_gap": ("E", 0, False, ()),
    "wh_vs_that_with_gap_long_distance": ("E", 0, False, ()),
    "wh_questions_object_gap": ("E", 0, False, ()),
    "wh_questions_subject_gap": ("E", 0, False, ()),
    "wh_questions_subject_gap_long_distance": ("E", 0, False, ()),
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
