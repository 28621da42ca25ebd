"""Argument structure: verbs of several words, objects with "of", passives, animacy."""

from __future__ import annotations

import pytest

CASES = {
    "causative": [
        (
            "Ann broke the red vase.",
            "Ann vanished the red vase.",
            ("broke the red vase", "broke", 1, "vase", 4),
            ("vanished the red vase", "vanished", 1, "vase", 4),
        ),
        (
            "Tim isn't hiding away a lot of sisters of Ann.",
            "Tim isn't yawning a lot of sisters of Ann.",
            ("hiding away a lot of sisters", "hiding", 2, "sisters", 7),
            ("yawning a lot of sisters", "yawning", 2, "sisters", 6),
        ),
        (
            "Ann had stood up Tim.",
            "Ann had spoken up Tim.",
            ("stood up tim", "stood", 2, "tim", 4),
            ("spoken up tim", "spoken", 2, "tim", 4),
        ),
    ],
    "transitive": [
        (
            "Cooks hug Ann's French teachers.",
            "Cooks come here Ann's French teachers.",
            ("hug ann's french teachers", "hug", 1, "teachers", 4),
            ("come here ann's french teachers", "come", 1, "teachers", 5),
        ),
        (
            "Tim talked about books about the Great Lakes.",
            "Tim slept books about the Great Lakes.",
            ("talked about books", "talked", 1, "books", 3),
            ("slept books", "slept", 1, "books", 2),
        ),
        (
            "The report disagreed with Ann.",
            "The report disagreed Ann.",
            ("disagreed with ann", "disagreed", 2, "ann", 4),
            ("disagreed ann", "disagreed", 2, "ann", 3),
        ),
        (
            "The cook works with Tim.",
            "The cook works hard Tim.",
            ("works with tim", "works", 2, "tim", 4),
            ("works hard tim", "works", 2, "tim", 4),
        ),
    ],
    "drop_argument": [
        (
            "Tim's sons hadn't watched.",
            "Tim's sons hadn't worn.",
            ("hadn't watched", "watched", 3, "hadn't", 2),
            ("hadn't worn", "worn", 3, "hadn't", 2),
        ),
        (
            "Every nephew of Ann left.",
            "Every nephew of Ann arrived at.",
            ("nephew of ann left", "left", 4, "nephew", 1),
            ("nephew of ann arrived at", "arrived", 4, "nephew", 1),
        ),
    ],
    "inchoative": [
        (
            "That lamp couldn't tip over.",
            "That lamp couldn't buy.",
            ("couldn't tip over", "tip", 3, "couldn't", 2),
            ("couldn't buy", "buy", 3, "couldn't", 2),
        ),
        (
            "A lot of ice creams froze.",
            "A lot of ice creams hugged.",
            ("creams froze", "froze", 5, "creams", 4),
            ("creams hugged", "hugged", 5, "creams", 4),
        ),
    ],
    "intransitive": [
        (
            "Ann got a job.",
            "Ann looked like.",
            ("ann got a job", "got", 1, "ann", 0),
            ("ann looked like", "looked", 1, "ann", 0),
        ),
    ],
    "passive_1": [
        (
            "Tim's boss isn't cared for by the guests.",
            "Tim's boss isn't fallen asleep by the guests.",
            ("isn't cared for by", "cared", 3, "isn't", 2),
            ("isn't fallen asleep by", "fallen", 3, "isn't", 2),
        ),
        (
            "The cook was left by Ann.",
            "The cook was left by Ann.",
            ("was left by", "left", 3, "was", 2),
            ("was left by", "left", 3, "was", 2),
        ),
    ],
    "passive_2": [
        (
            "Two cooks weren't fired.",
            "Two cooks weren't gotten fired.",
            ("weren't fired", "fired", 3, "weren't", 2),
            ("weren't gotten fired", "gotten", 3, "weren't", 2),
        ),
    ],
    "animate_subject_passive": [
        (
            "Ann wasn't fled from by the waiter.",
            "Ann wasn't fled from by the newspaper article.",
            ("fled from by the waiter", "waiter", 6, "fled", 2),
            ("fled from by the newspaper article", "article", 7, "fled", 2),
        ),
    ],
    "animate_subject_trans": [
        (
            "Winston Churchill forgot Ann.",
            "Some grocery store forgot Ann.",
            ("churchill forgot", "churchill", 1, "forgot", 2),
            ("store forgot", "store", 2, "forgot", 3),
        ),
        (
            "Tim couldn't look like Ann.",
            "The ice couldn't look like Ann.",
            ("tim couldn't look like", "tim", 0, "look", 2),
            ("ice couldn't look like", "ice", 1, "look", 3),
        ),
        (
            "The girls had these books.",
            "The hills had these books.",
            ("girls had", "girls", 1, "had", 2),
            ("hills had", "hills", 1, "had", 2),
        ),
        (
            "Most boys did help Tim.",
            "Most vases did help Tim.",
            ("boys did help", "boys", 1, "help", 3),
            ("vases did help", "vases", 1, "help", 3),
        ),
    ],
}

FACTS = {
    "causative": ("B", 0, False, ()),
    "transitive": ("B", 0, False, ()),
    "drop_argument": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "inchoative": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "intransitive": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "passive_1": ("A", 0, False, ()),
    "passive_2": ("B$", 0, True, ("bad_grammatical_elsewhere",)),
    "animate_subject_passive": ("B", 0, False, ()),
    "animate_subject_trans": ("A", 0, False, ()),
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
