"""Quantifiers: weak and strong, comparative and superlative."""

from __future__ import annotations

import pytest

CASES = {
    "existential_there_quantifiers_1": [
        (
            "There wasn't a cat sleeping.",
            "There wasn't each cat sleeping.",
            ("there wasn't a", "a", 2, "there", 0),
            ("there wasn't each", "each", 2, "there", 0),
        ),
    ],
    "existential_there_quantifiers_2": [
        (
            "Most books about art aren't there selling.",
            "There aren't most books about art selling.",
            ("most books about art aren't there", "most", 0, "there", 5),
            ("there aren't most", "most", 2, "there", 0),
        ),
    ],
    "superlative_quantifiers_1": [
        (
            "No cook had gone to more than two parks.",
            "No cook had gone to at least two parks.",
            ("no cook had gone to more than", "more", 5, "no", 0),
            ("no cook had gone to at least", "least", 6, "no", 0),
        ),
    ],
    "superlative_quantifiers_2": [
        (
            "This cook arrived at at most four banks.",
            "No cook arrived at at most four banks.",
            ("this cook arrived at at most", "this", 0, "most", 5),
            ("no cook arrived at at most", "no", 0, "most", 5),
        ),
    ],
}

FACTS = {
    "existential_there_quantifiers_1": ("C", 0, False, ("degenerate",)),
    "existential_there_quantifiers_2": ("C", 0, False, ("degenerate", "bad_grammatical_elsewhere")),
    "superlative_quantifiers_1": ("C", 0, False, ("degenerate",)),
    "superlative_quantifiers_2": ("C", 0, False, ("degenerate",)),
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
