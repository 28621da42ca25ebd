"""Subject–verb agreement: names, partitives, auxiliaries, distractors."""

from __future__ import annotations

import pytest

CASES = {
    "regular_plural_subject_verb_agreement_1": [
        (
            "Harvard University praises Ann.",
            "Harvard University praise Ann.",
            ("university praises", "praises", 2, "university", 1),
            ("university praise", "praise", 2, "university", 1),
        ),
        (
            "A lot of public parks aren't boring Tim.",
            "A lot of public parks isn't boring Tim.",
            ("parks aren't", "aren't", 5, "parks", 4),
            ("parks isn't", "isn't", 5, "parks", 4),
        ),
        (
            "The Borgias climb up that hill.",
            "The Borgias climbs up that hill.",
            ("borgias climb", "climb", 2, "borgias", 1),
            ("borgias climbs", "climbs", 2, "borgias", 1),
        ),
    ],
    "irregular_plural_subject_verb_agreement_1": [
        (
            "Some oxen vanish.",
            "Some oxen vanishes.",
            ("oxen vanish", "vanish", 2, "oxen", 1),
            ("oxen vanishes", "vanishes", 2, "oxen", 1),
        ),
    ],
    "regular_plural_subject_verb_agreement_2": [
        (
            "The students sing.",
            "The student sing.",
            ("students sing", "students", 1, "sing", 2),
            ("student sing", "student", 1, "sing", 2),
        ),
        (
            "The movie theaters haven't impressed Ann.",
            "The movie theater haven't impressed Ann.",
            ("theaters haven't", "theaters", 2, "haven't", 3),
            ("theater haven't", "theater", 2, "haven't", 3),
        ),
    ],
    "irregular_plural_subject_verb_agreement_2": [
        (
            "The louse sits down.",
            "The lice sits down.",
            ("louse sits", "louse", 1, "sits", 2),
            ("lice sits", "lice", 1, "sits", 2),
        ),
    ],
    "distractor_agreement_relational_noun": [
        (
            "A sister of a lot of cooks hasn't slept.",
            "A sister of a lot of cooks haven't slept.",
            ("sister … hasn't", "hasn't", 7, "sister", 1),
            ("sister … haven't", "haven't", 7, "sister", 1),
        ),
        (
            "The newspaper articles about Ann bore Tim.",
            "The newspaper articles about Ann bores Tim.",
            ("articles … bore", "bore", 5, "articles", 2),
            ("articles … bores", "bores", 5, "articles", 2),
        ),
    ],
    "distractor_agreement_relative_clause": [
        (
            "That cook that met those dancers is singing.",
            "That cook that met those dancers are singing.",
            ("cook … is", "is", 6, "cook", 1),
            ("cook … are", "are", 6, "cook", 1),
        ),
        (
            "A lot of cooks who annoyed that guest drink.",
            "A lot of cooks who annoyed that guest drinks.",
            ("cooks … drink", "drink", 8, "cooks", 3),
            ("cooks … drinks", "drinks", 8, "cooks", 3),
        ),
    ],
}

FACTS = {
    "regular_plural_subject_verb_agreement_1": ("A", 0, False, ()),
    "irregular_plural_subject_verb_agreement_1": ("A", 0, False, ()),
    "regular_plural_subject_verb_agreement_2": ("A", 0, False, ()),
    "irregular_plural_subject_verb_agreement_2": ("A", 0, False, ()),
    "distractor_agreement_relational_noun": ("D", 6, False, ()),
    "distractor_agreement_relative_clause": ("D", 9, False, ()),
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
