"""Irregular participles: after a subject, and before a noun."""

from __future__ import annotations

import pytest

CASES = {
    "irregular_past_participle_verbs": [
        (
            "The ice cream froze.",
            "The ice cream frozen.",
            ("cream froze", "froze", 3, "cream", 2),
            ("cream frozen", "frozen", 3, "cream", 2),
        ),
        (
            "Winston Churchill went to Spain.",
            "Winston Churchill gone to Spain.",
            ("churchill went", "went", 2, "churchill", 1),
            ("churchill gone", "gone", 2, "churchill", 1),
        ),
    ],
    "irregular_past_participle_adjectives": [
        (
            "The broken vase isn't cheap.",
            "The broke vase isn't cheap.",
            ("broken vase", "broken", 1, "vase", 2),
            ("broke vase", "broke", 1, "vase", 2),
        ),
        (
            "The hidden newspaper articles were long.",
            "The hid newspaper articles were long.",
            ("hidden newspaper articles", "hidden", 1, "articles", 3),
            ("hid newspaper articles", "hid", 1, "articles", 3),
        ),
    ],
}

FACTS = {
    "irregular_past_participle_verbs": ("A", 0, False, ()),
    "irregular_past_participle_adjectives": ("A", 0, False, ()),
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
