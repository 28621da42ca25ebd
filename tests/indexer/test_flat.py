"""Flat texts: what is searched, and the way back."""

import re
from itertools import pairwise, product

import pytest
import slow_matches
from hypothesis import example, given
from hypothesis import strategies as st

from exposure.phrases import MatchRule
from indexer.matchers.flat import BARRIER, LINE_BREAK, flatten, is_blank_line
from indexer.matchers.sentences import ABBREVIATIONS, Sentences

RULES = [
    MatchRule(case, "word", whitespace)  # type: ignore[arg-type]
    for case, whitespace in product(("fold", "exact"), ("collapse", "verbatim"))
]
WHITE = [one for one in map(chr, range(0x110000)) if one.isspace()]
PIECES = [*WHITE, " ", "\n", "\r", "a", "İ", "ß", "’", ".", "?", "”", ")", "mr", "Mr.", "漢", "\u200b", "a", "b.", " "]
TEXT = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def slow_flat(text: str, rule: MatchRule) -> str:
    """Folded, and each run of white space one space, or the barrier where it holds a blank line."""
    shown = slow_matches.folded(text) if rule.case == "fold" else text
    if rule.whitespace == "verbatim":
        return shown
    return re.sub(r"\s+", lambda run: BARRIER if slow_matches.line_breaks(run[0]) > 1 else " ", shown)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")
@given(text=TEXT)
def test_flat_text_and_the_way_back(rule: MatchRule, text: str) -> None:
    """The flat text is what the rule makes of a text, and each of its visible characters leads to where it stood."""
    flat = flatten(text, rule)
    assert flat.text == slow_flat(text, rule)
    shown = slow_matches.folded(text) if rule.case == "fold" else text
    visible = [place for place, character in enumerate(flat.text) if not character.isspace()]
    assert [flat.original(place) for place in visible] == [
        n for n, character in enumerate(shown) if not character.isspace()
    ]
    assert all(shown[flat.original(place)] == flat.text[place] for place in visible)


def test_line_breaks_are_those_of_splitlines() -> None:
    """A code point breaks a line exactly where str.splitlines() says so."""
    assert [one for one in WHITE if LINE_BREAK.fullmatch(one)] == [
        one for one in WHITE if len(f"a{one}b".splitlines()) == 2
    ]
    assert not any(len(f"a{one}b".splitlines()) == 2 for one in map(chr, range(0x3100)) if one not in WHITE)


@example("\r\n")
@example("\n\r")
@example("\r\n\r\n")
@given(st.text(st.sampled_from(WHITE), max_size=6))
def test_blank_lines(run: str) -> None:
    """White space holds a blank line when it breaks two lines or more."""
    assert is_blank_line(run) == (slow_matches.line_breaks(run) > 1)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")
@given(text=TEXT)
def test_words_and_sentences_of_a_flat_text(rule: MatchRule, text: str) -> None:
    """Every visible character lies in the word and in the sentence in which the unflattened text has it."""
    flat = flatten(text, rule)
    sentences = Sentences.of(flat)
    shown = slow_matches.folded(text) if rule.case == "fold" else text
    words = slow_matches.words_of(shown)
    visible = [place for place, character in enumerate(flat.text) if not character.isspace()]
    numbers = [slow_matches.number_of(words, flat.original(place)) for place in visible]
    assert [sentences.word(place) for place in visible] == numbers
    slow = [words[number].sentence for number in numbers]
    fast = [sentences.sentence(place) for place in visible]
    assert [a == b for a, b in pairwise(fast)] == [a == b for a, b in pairwise(slow)]


def test_abbreviations_are_the_list() -> None:
    """The abbreviations are the short list of the method, and no other."""
    assert sorted(ABBREVIATIONS) == sorted(slow_matches.ABBREVIATIONS)
