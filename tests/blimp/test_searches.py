"""The searches that rules are made of."""

from __future__ import annotations

import pytest

from exposure.blimp.noun_phrases import head, head_before_relative_clause
from exposure.blimp.sides import find, find_last, first_difference, shared_ending
from exposure.blimp.verbs import subject_head_before, verb_before, verb_end


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("this grocery store", "store"),
        ("Winston Churchill", "Churchill"),
        ("the Great Lakes", "Lakes"),
        ("a lot of high schools", "schools"),
        ("sisters of a lot of cooks", "sisters"),
        ("a lot of sisters of the cook", "sisters"),
        ("many boys' French teachers", "teachers"),
        ("every book about Harvard University", "book"),
        ("Ann", "Ann"),
    ],
)
def test_head(phrase, expected):
    """The head of a noun phrase is the noun that its number is the number of."""
    words = phrase.split()
    assert words[head(words, 0, len(words))] == expected


def test_head_of_nothing():
    """A partitive without its noun has no head."""
    with pytest.raises(ValueError, match="no noun"):
        head(["a", "lot", "of"], 0, 3)


def test_head_before_relative_clause():
    """A demonstrative at the start opens no relative clause; the next "that" does."""
    assert head_before_relative_clause(["That", "art", "gallery", "that", "Ann", "left"]) == 2


@pytest.mark.parametrize(
    ("text", "verb", "subject"),
    [
        ("Ann might talk to", "talk", "Ann"),
        ("Guests like", "like", "Guests"),
        ("Guests look like", "look", "Guests"),
        ("Guests would like", "like", "Guests"),
        ("Those cooks weren't climbing up", "climbing", "cooks"),
    ],
)
def test_verb_and_subject_before(text, verb, subject):
    """From the end of a verb phrase back to its verb and to the head of its subject."""
    words = text.split()
    found = verb_before(words, len(words))
    assert (words[found], words[subject_head_before(words, found)]) == (verb, subject)


def test_subject_before_nothing():
    """A verb that opens the sentence has no subject, and no index wraps round to its end."""
    with pytest.raises(ValueError, match="no subject"):
        subject_head_before(["does", "sing"], 1)


def test_verb_end():
    """A verb takes its particles along, and "like" after "look" and "sound" only."""
    assert verb_end(["mess", "up", "some", "rugs"], 0) == 2
    assert verb_end(["sound", "like", "Ann"], 0) == 2
    assert verb_end(["love", "like", "Ann"], 0) == 1


def test_find_names_what_is_missing():
    """A search that finds nothing says what it looked for."""
    with pytest.raises(ValueError, match="'ever'"):
        find(["Ann", "sang."], ("ever",))
    with pytest.raises(ValueError, match="'these', 'this'"):
        find_last(["this", "cat"], ("this", "these"), end=0)


def test_find_ignores_case_and_final_punctuation():
    """Words are compared as phrases hold them."""
    assert find(["Even", "Ann", "sang."], ("sang",)) == 2
    assert find_last(["That", "cat"], ("that",)) == 0


def test_differences():
    """Where sides part and how much they share at the end, punctuation included."""
    assert first_difference(["Ann", "sings."], ["Ann", "sing."]) == 1
    assert shared_ending(["Ann", "met", "two", "cats."], ["Ann", "saw", "two", "cats."]) == 2
    assert shared_ending(["Ann"], ["Ann"]) == 1
    with pytest.raises(ValueError, match="do not differ"):
        first_difference(["Ann"], ["Ann"])
