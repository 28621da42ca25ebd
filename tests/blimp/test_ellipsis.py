"""Ellipsis: quantifiers of one to four words, at the end of the sentence."""

from __future__ import annotations

import pytest

CASES = {
    "ellipsis_n_bar_1": [
        (
            "Ann broke two red cups and Tim broke five.",
            "Ann broke two cups and Tim broke five red.",
            ("broke five", "five", 8, "broke", 7),
            ("broke five red", "red", 8, "broke", 6),
        ),
        (
            "Ann arrived at one old bank and Tim arrived at at least as many.",
            "Ann arrived at one bank and Tim arrived at at least as many old.",
            ("at at least as many", "many", 13, "at", 9),
            ("at at least as many old", "old", 13, "at", 8),
        ),
        (
            "Cooks saw few lost cats and Tim saw a lot.",
            "Cooks saw few cats and Tim saw a lot lost.",
            ("saw a lot", "lot", 9, "saw", 7),
            ("saw a lot lost", "lost", 9, "saw", 6),
        ),
    ],
    "ellipsis_n_bar_2": [
        (
            "Ann met a lot of cooks and Tim met a few busy cooks.",
            "Ann met a lot of nice cooks and Tim met a few busy.",
            ("few busy cooks", "cooks", 12, "few", 10),
            ("few busy", "busy", 12, "few", 11),
        ),
        (
            "Ann met one friend and Tim met several out in the open friend of.",
            "Ann met one old friend and Tim met several out in the open.",
            ("several out in the open friend of", "friend", 12, "several", 7),
            ("several out in the open", "open", 12, "several", 8),
        ),
    ],
}

FACTS = {
    "ellipsis_n_bar_1": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "ellipsis_n_bar_2": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
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
