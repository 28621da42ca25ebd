"""Which words end a sentence: compiled code against the expression of the other engine, and the rule read aloud."""

from __future__ import annotations

import re
from itertools import pairwise

import nasty_texts
import numpy as np
import pytest
import slow_matches
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searches import WORD_RULES

from exposure.phrases import MatchRule
from indexer.blocks import GAP, laid_out
from indexer.compiled.characters import classes
from indexer.compiled.marked_text import Marker
from indexer.compiled.sentence_ends import ends_sentence
from indexer.matchers.flat import flatten
from indexer.matchers.sentences import ABBREVIATIONS, Sentences

PIECES = (*ABBREVIATIONS, *slow_matches.STOPS, *slow_matches.CLOSING, *nasty_texts.SIGNS, "x", "é", "漢", "1", "_", "K")
WORD = st.lists(st.sampled_from(PIECES).flatmap(lambda one: st.sampled_from([one, one.title(), one.upper()])), min_size=1, max_size=6).map("".join).filter(lambda word: word == "".join(word.split()))  # fmt: skip  # noqa: E501
rules = pytest.mark.parametrize("rule", WORD_RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")


def ends(words: list[str], rule: MatchRule) -> list[bool]:
    """Whether each word ends a sentence, as compiled code says of it in a text of them all."""
    text = " ".join(words)
    buffer, _, end = laid_out([text.encode()])
    folded = Marker(rule).mark(buffer, int(end[-1]) + len(GAP)).text
    places = np.cumsum([len(word.encode()) + 1 for word in words]) - 1 + len(GAP)
    return [bool(ends_sentence(folded, place, classes())) for place in places.tolist()]


def ends_by_expression(words: list[str], rule: MatchRule) -> list[bool]:
    """The same by the expression over the whole text: whether the next word stands in another sentence."""
    flat = flatten(" ".join([*words, "x"]), rule)
    sentences = Sentences.of(flat)
    starts = [match.start() for match in re.finditer(r"\S+", flat.text)]
    numbers = [sentences.sentence(start) for start in starts]
    return [after > number for number, after in pairwise(numbers)]


@rules
@given(words=st.lists(WORD, min_size=1, max_size=8))
@settings(max_examples=100)
@example(
    ["mr.", "Mr.)", "mr..", "xmr.", "_mr.", "1mr.", "漢mr.", "messrs.", "xmessrs.", "abcdefghmr.", "\u212amr.", "İmr."]
)
@example([".", ")", "’", "ʼ.’ʼ", ".ʼ", "”.", ".”", "»", "?)»", "mr?", "a.b", "...", ".x."])
def test_words_that_end_a_sentence(rule: MatchRule, words: list[str]) -> None:
    """Stops and closing quotes behind any word, abbreviations in any case, under every rule."""
    shown = slow_matches.folded(" ".join(words)).split(" ") if rule.case == "fold" else words
    expected = [slow_matches.closes(word) for word in shown]
    assert ends(words, rule) == expected
    assert ends_by_expression(words, rule) == expected


@rules
@pytest.mark.parametrize("word", slow_matches.ABBREVIATIONS)
def test_every_abbreviation(rule: MatchRule, word: str) -> None:
    """One full stop behind an abbreviation, in any case, ends nothing; with a letter or stop more it does."""
    for written in (word, word.title(), word.upper(), f"({word}", f"1{word}", f"e.{word}"):
        assert ends([f"{written}.", f"{written}.)”", f"{written}..", f"{written}?"], rule) == [False, False, True, True]
    assert ends([f"x{word}.", f"é{word}.", f"{word}x.", f"{word[1:]}."], rule)[:3] == [True] * 3
