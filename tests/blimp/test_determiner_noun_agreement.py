"""Determiner–noun agreement: demonstrative, adjective, compound."""

from __future__ import annotations

import pytest

CASES = {
    "determiner_noun_agreement_1": [
        (
            "Monica lost this fork.",
            "Monica lost this forks.",
            ("this fork", "fork", 3, "this", 2),
            ("this forks", "forks", 3, "this", 2),
        ),
        (
            "That guide won't praise those art galleries.",
            "That guide won't praise those art gallery.",
            ("those art galleries", "galleries", 6, "those", 4),
            ("those art gallery", "gallery", 6, "those", 4),
        ),
    ],
    "determiner_noun_agreement_irregular_1": [
        (
            "The plumbers can't see these geese.",
            "The plumbers can't see these goose.",
            ("these geese", "geese", 5, "these", 4),
            ("these goose", "goose", 5, "these", 4),
        ),
    ],
    "determiner_noun_agreement_with_adjective_1": [
        (
            "That dog chased those messy cooks.",
            "That dog chased those messy cook.",
            ("those messy cooks", "cooks", 5, "those", 3),
            ("those messy cook", "cook", 5, "those", 3),
        ),
        (
            "Tim toured this out in the open grocery store.",
            "Tim toured this out in the open grocery stores.",
            ("this out in the open grocery store", "store", 8, "this", 2),
            ("this out in the open grocery stores", "stores", 8, "this", 2),
        ),
    ],
    "determiner_noun_agreement_with_adj_irregular_1": [
        (
            "Those cooks fed this lucky child.",
            "Those cooks fed this lucky children.",
            ("this lucky child", "child", 5, "this", 3),
            ("this lucky children", "children", 5, "this", 3),
        ),
    ],
    "determiner_noun_agreement_2": [
        (
            "Some waiter stunned that dancer.",
            "Some waiter stunned those dancer.",
            ("that dancer", "that", 3, "dancer", 4),
            ("those dancer", "those", 3, "dancer", 4),
        ),
        (
            "Guests walk through these movie theaters.",
            "Guests walk through this movie theaters.",
            ("these movie theaters", "these", 3, "theaters", 5),
            ("this movie theaters", "this", 3, "theaters", 5),
        ),
    ],
    "determiner_noun_agreement_irregular_2": [
        (
            "Noah has healed this ox.",
            "Noah has healed these ox.",
            ("this ox", "this", 3, "ox", 4),
            ("these ox", "these", 3, "ox", 4),
        ),
    ],
    "determiner_noun_agreement_with_adj_2": [
        (
            "This cat hid that green sock.",
            "This cat hid those green sock.",
            ("that green sock", "that", 3, "sock", 5),
            ("those green sock", "those", 3, "sock", 5),
        ),
        (
            "Ruth left these out in the open high schools.",
            "Ruth left that out in the open high schools.",
            ("these out in the open high schools", "these", 2, "schools", 8),
            ("that out in the open high schools", "that", 2, "schools", 8),
        ),
    ],
    "determiner_noun_agreement_with_adj_irregular_2": [
        (
            "Omar hugs those happy women.",
            "Omar hugs that happy women.",
            ("those happy women", "those", 2, "women", 4),
            ("that happy women", "that", 2, "women", 4),
        ),
    ],
}

FACTS = {
    "determiner_noun_agreement_1": ("A", 0, False, ()),
    "determiner_noun_agreement_2": ("A", 0, False, ()),
    "determiner_noun_agreement_irregular_1": ("A", 0, False, ()),
    "determiner_noun_agreement_irregular_2": ("A", 0, False, ()),
    "determiner_noun_agreement_with_adjective_1": ("B", 0, False, ()),
    "determiner_noun_agreement_with_adj_2": ("B", 0, False, ()),
    "determiner_noun_agreement_with_adj_irregular_1": ("B", 0, False, ()),
    "determiner_noun_agreement_with_adj_irregular_2": ("B", 0, False, ()),
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
