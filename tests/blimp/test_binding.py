"""Binding: which word decides about a reflexive."""

from __future__ import annotations

import pytest

CASES = {
    "principle_A_case_1": [
        (
            "Those guests weren't saying that they drove home.",
            "Those guests weren't saying that themselves drove home.",
            ("saying that they", "they", 5, "saying", 3),
            ("saying that themselves", "themselves", 5, "saying", 3),
        ),
    ],
    "principle_A_case_2": [
        (
            "Tim imagines himself buying a rug.",
            "Tim imagines himself bought a rug.",
            ("imagines himself buying", "buying", 3, "imagines", 1),
            ("imagines himself bought", "bought", 3, "imagines", 1),
        ),
        (
            "Cooks had thought about themselves hugging Ann.",
            "Cooks had thought about themselves hugged Ann.",
            ("thought about themselves hugging", "hugging", 5, "thought", 2),
            ("thought about themselves hugged", "hugged", 5, "thought", 2),
        ),
        (
            "Ann imagined herself skated around a hill.",
            "Ann imagined herself skated around a hill.",
            ("imagined herself skated", "skated", 3, "imagined", 1),
            ("imagined herself skated", "skated", 3, "imagined", 1),
        ),
    ],
    "principle_A_c_command": [
        (
            "That girl that met Tim praised herself.",
            "That girl that met Tim praised himself.",
            ("girl … herself", "herself", 6, "girl", 1),
            ("girl … himself", "himself", 6, "girl", 1),
        ),
        (
            "Some grocery stores that annoy that man have hurt themselves.",
            "Some grocery stores that annoy that man have hurt himself.",
            ("stores … themselves", "themselves", 9, "stores", 2),
            ("stores … himself", "himself", 9, "stores", 2),
        ),
    ],
    "principle_A_domain_1": [
        (
            "That boy hasn't said that Ann met him.",
            "That boy hasn't said that Ann met himself.",
            ("boy … him", "him", 7, "boy", 1),
            ("boy … himself", "himself", 7, "boy", 1),
        ),
        (
            "A lot of cooks think that Tim looks like them.",
            "A lot of cooks think that Tim looks like themselves.",
            ("cooks … them", "them", 9, "cooks", 3),
            ("cooks … themselves", "themselves", 9, "cooks", 3),
        ),
    ],
    "principle_A_domain_2": [
        (
            "Ann thinks those college campuses are boring themselves.",
            "Ann thinks those college campuses are boring herself.",
            ("campuses … themselves", "themselves", 7, "campuses", 4),
            ("campuses … herself", "herself", 7, "campuses", 4),
        ),
        (
            "Tim said some guests like themselves.",
            "Tim said some guests like himself.",
            ("guests … themselves", "themselves", 5, "guests", 3),
            ("guests … himself", "himself", 5, "guests", 3),
        ),
    ],
    "principle_A_domain_3": [
        (
            "Tim says Ann's sister won't talk to herself.",
            "Ann's sister says Tim won't talk to herself.",
            ("sister … herself", None, None, "sister", 3),
            ("tim … herself", None, None, "tim", 3),
        ),
    ],
    "principle_A_reconstruction": [
        (
            "It's himself that that cook hasn't talked about.",
            "It's himself that hasn't talked about that cook.",
            ("himself … cook", None, None, "cook", 4),
            ("himself … cook", None, None, "cook", 7),
        ),
        (
            "It's themselves who the Borgias like.",
            "It's themselves who like the Borgias.",
            ("themselves … borgias", None, None, "borgias", 4),
            ("themselves … borgias", None, None, "borgias", 5),
        ),
    ],
}

FACTS = {
    "principle_A_case_1": ("B", 0, False, ()),
    "principle_A_case_2": ("B", 0, False, ()),
    "principle_A_c_command": ("D", 13, False, ()),
    "principle_A_domain_1": ("D", 11, False, ()),
    "principle_A_domain_2": ("D", 10, False, ()),
    "principle_A_domain_3": ("D", 10, False, ()),
    "principle_A_reconstruction": ("D", 10, False, ("sides_identical",)),
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
