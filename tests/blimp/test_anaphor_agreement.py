"""Anaphor agreement: the subject is found over verb, particles and auxiliary."""

from __future__ import annotations

import pytest

CASES = {
    "anaphor_gender_agreement": [
        (
            "Ann can't praise herself.",
            "Ann can't praise himself.",
            ("ann … herself", "herself", 3, "ann", 0),
            ("ann … himself", "himself", 3, "ann", 0),
        ),
        (
            "This newspaper article disagreed with itself.",
            "This newspaper article disagreed with herself.",
            ("article … itself", "itself", 5, "article", 2),
            ("article … herself", "herself", 5, "article", 2),
        ),
    ],
    "anaphor_number_agreement": [
        (
            "A lot of cooks weren't talking about themselves.",
            "A lot of cooks weren't talking about herself.",
            ("cooks … themselves", "themselves", 7, "cooks", 3),
            ("cooks … herself", "herself", 7, "cooks", 3),
        ),
        (
            "The Lutherans like themselves.",
            "The Lutherans like himself.",
            ("lutherans … themselves", "themselves", 3, "lutherans", 1),
            ("lutherans … himself", "himself", 3, "lutherans", 1),
        ),
        (
            "Tim sounds like himself.",
            "Tim sounds like themselves.",
            ("tim … himself", "himself", 3, "tim", 0),
            ("tim … themselves", "themselves", 3, "tim", 0),
        ),
    ],
}

FACTS = {
    "anaphor_gender_agreement": ("D", 5, False, ()),
    "anaphor_number_agreement": ("D", 5, False, ()),
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
