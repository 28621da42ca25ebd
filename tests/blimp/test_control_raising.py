"""Control and raising: predicates of one and of two words, and where the phrase ends."""

from __future__ import annotations

import pytest

CASES = {
    "existential_there_subject_raising": [
        (
            "There isn't bound to be a storm.",
            "There isn't happy to be a storm.",
            ("there isn't bound to", "bound", 2, "there", 0),
            ("there isn't happy to", "happy", 2, "there", 0),
        ),
        (
            "There turned out to be many cats.",
            "There wished to be many cats.",
            ("there turned out to", "turned", 1, "there", 0),
            ("there wished to", "wished", 1, "there", 0),
        ),
    ],
    "existential_there_object_raising": [
        (
            "Ann's sister hasn't needed there to be cats.",
            "Ann's sister hasn't asked there to be cats.",
            ("needed there to", "needed", 3, "there", 4),
            ("asked there to", "asked", 3, "there", 4),
        ),
    ],
    "expletive_it_object_raising": [
        (
            "Tim would find it to be odd that Ann left.",
            "Tim isn't tempting it to be odd that Ann left.",
            ("find it to", "find", 2, "it", 3),
            ("tempting it to", "tempting", 2, "it", 3),
        ),
    ],
    "tough_vs_raising_1": [
        (
            "Ann's cooks were hard work to listen to.",
            "Ann's cooks were apt to listen to.",
            ("hard work to listen to", "work", 4, "listen", 6),
            ("apt to listen to", "apt", 3, "listen", 5),
        ),
    ],
    "tough_vs_raising_2": [
        (
            "Tim is certain to sing.",
            "Tim is tough to sing.",
            ("certain to sing", "certain", 2, "sing", 4),
            ("tough to sing", "tough", 2, "sing", 4),
        ),
        (
            "Those dogs aren't about to drive to Spain.",
            "Those dogs aren't hard work to drive to Spain.",
            ("about to drive", "about", 3, "drive", 5),
            ("hard work to drive", "work", 4, "drive", 6),
        ),
    ],
}

FACTS = {
    "existential_there_subject_raising": ("B", 0, False, ()),
    "existential_there_object_raising": ("B", 0, False, ()),
    "expletive_it_object_raising": ("B", 0, False, ()),
    "tough_vs_raising_1": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "tough_vs_raising_2": ("B", 0, False, ("bad_grammatical_elsewhere",)),
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
