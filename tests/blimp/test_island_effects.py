"""Islands: adjuncts end the sentence, left branches end at their noun, the others have no phrase."""

from __future__ import annotations

import pytest

CASES = {
    "adjunct_island": [
        (
            "What had Tim dropped by before selling the vases?",
            "What had Tim dropped by the vases before selling?",
            ("before selling the vases", "vases", 8, "before", 5),
            ("before selling", "selling", 8, "before", 7),
        ),
        (
            "Who should Ann hug after talking to Tim?",
            "Who should Ann hug Tim after talking to?",
            ("after talking to tim", "tim", 7, "after", 4),
            ("after talking to", "to", 7, "after", 5),
        ),
    ],
    "left_branch_island_echo_question": [
        (
            "Ann would sell which art galleries?",
            "Which would Ann sell art galleries?",
            ("which art galleries", "galleries", 5, "which", 3),
            ("which would", "would", 1, "which", 0),
        ),
    ],
    "left_branch_island_simple_question": [
        (
            "Whose movie theaters hadn't Tim seen?",
            "Whose hadn't Tim seen movie theaters?",
            ("whose movie theaters", "theaters", 2, "whose", 0),
            ("whose hadn't", "hadn't", 1, "whose", 0),
        ),
    ],
    "coordinate_structure_constraint_complex_left_branch": [
        (
            "What cooks is Ann scaring and Tim helping?",
            "What is Ann scaring cooks and Tim helping?",
            ("what cooks", "cooks", 1, "what", 0),
            ("what is", "is", 1, "what", 0),
        ),
    ],
    "complex_NP_island": [
        (
            "Who did a cook that met Ann praise?",
            "Who did Ann praise a cook that met?",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "coordinate_structure_constraint_object_extraction": [
        (
            "Who were Tim and Ann leaving?",
            "Who was Tim leaving and Ann?",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "wh_island": [
        (
            "Who had Ann learned she met?",
            "Who had Ann learned who met?",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
    "sentential_subject_island": [
        (
            "Who has the cook's selling vases upset.",
            "Who has the cook's selling upset vases.",
            (None, None, None, None, None),
            (None, None, None, None, None),
        ),
    ],
}

FACTS = {
    "adjunct_island": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "left_branch_island_echo_question": ("C", 0, False, ("degenerate", "bad_grammatical_elsewhere")),
    "left_branch_island_simple_question": ("C", 0, False, ("degenerate", "bad_grammatical_elsewhere")),
    "coordinate_structure_constraint_complex_left_branch": ("C", 0, False, ("degenerate", "bad_grammatical_elsewhere")),
    "complex_NP_island": ("E", 0, False, ()),
    "coordinate_structure_constraint_object_extraction": ("E", 0, False, ()),
    "wh_island": ("E", 0, False, ()),
    "sentential_subject_island": ("E", 0, False, ()),
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
