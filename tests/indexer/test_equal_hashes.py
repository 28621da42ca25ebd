"""Hashes only say where to look: different words with the very same 64-bit hash are told apart, and counted right."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import ENGINES, WORD_RULES, search, slow_search

from exposure.phrases import GAP, MatchRule, Phrase
from indexer.blocks import GAP as BLANK_LINE
from indexer.blocks import laid_out
from indexer.compiled.hashing import next_token
from indexer.compiled.key_tokens import hashes_of
from indexer.compiled.marked_text import Marker

FAMILIES = (
    # Nothing is looked at behind byte 58.
    ("m" * 58, "m" * 59, "m" * 200, "m" * 58 + "x" * 6, "m" * 60 + "é"),
    # Bits that the first eight bytes and the last ones both have cancel out: byte 0 and byte 5, shifted by 23 bits.
    ("aaaaaaaa" "aaaaaaaa", "baaaaaaa" "aaaaagaa", "caaaaaaa" "aaaaaeaa"),
    # NUL has the hash 0, and 0 before a word leaves the word's hash.
    ("cat", "\0 cat", "\0 \0 cat", "\0\0\0cat"),
    ("the cat", "\0 the cat", "\0\0 the cat", "\0 \0 \0the cat"),
    ("the aaaaaaaaaaaaaaaa cat", "the baaaaaaaaaaaagaa cat", "\0 the caaaaaaaaaaaaeaa cat"),
)  # fmt: skip
"""Texts of equal hashes, among them some of different numbers of tokens."""


def hash_of(text: str) -> np.uint64:
    """The hash that the word matcher gives a text."""
    buffer, starts, ends = laid_out([text.encode()])
    marked = Marker(MatchRule()).mark(buffer, int(ends[-1]) + len(BLANK_LINE))
    hashes, _ = hashes_of(marked, starts)
    return reduce(lambda sequence, token: np.uint64(next_token(sequence, token)), hashes)


@pytest.mark.parametrize("family", FAMILIES)
def test_these_hashes_are_equal(family: tuple[str, ...]) -> None:
    """The families are what the tests below take them for; where a hash was changed, others are to be found."""
    assert len({hash_of(text) for text in family if "\u212a" not in text}) == 1


@pytest.mark.parametrize("rule", WORD_RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")
@pytest.mark.parametrize("family", FAMILIES)
def test_each_of_a_family_by_itself(family: tuple[str, ...], rule: MatchRule) -> None:
    """All of a family are looked for, or all but one, in a text that holds each a number of times of its own."""
    text = ", x ".join(one for number, one in enumerate(family) for _ in range(number + 1))
    for left_out in (None, *family):
        phrases = [Phrase(one) for one in family if one != left_out]
        expected = slow_search(phrases, [text], rule)
        assert len(expected) >= sum(range(1, len(family)))
        for engine in ENGINES:
            assert search(engine, phrases, [text], rule) == expected, engine


@given(st.data())
@settings(max_examples=150)
def test_texts_of_equal_hashes(data: st.DataObject) -> None:
    """Plain, anchored and gap phrases in texts in which nearly every word hashes like another one."""
    family = data.draw(st.sampled_from(FAMILIES))
    piece = st.sampled_from([*family, *family, "\0", "x", "the"])
    joined = st.lists(piece, min_size=1, max_size=3).map(" ".join)
    passages = data.draw(st.lists(st.lists(piece, max_size=8).map(" ".join), max_size=3))
    phrases = [Phrase(one) for one in data.draw(st.lists(joined, max_size=4))]
    phrases += [Phrase(one, sentence_end=True) for one in data.draw(st.lists(joined, max_size=2))]
    pairs = data.draw(st.lists(st.tuples(joined, joined, st.integers(1, 6)), max_size=4))
    phrases += [Phrase(one + GAP + other, gap=gap) for one, other, gap in pairs]
    expected = slow_search(phrases, passages)
    for engine in ENGINES:
        assert search(engine, phrases, passages) == expected, engine


@pytest.mark.parametrize("engine", ENGINES)
def test_thousands_of_one_hash(engine: str) -> None:
    """A list of nothing but words of one hash finds each where it stands."""
    words = ["m" * 58 + f"{number}" for number in range(3000)]
    assert len({hash_of(word) for word in words[::500]}) == 1
    planted = words[::30]
    starts = np.cumsum([0, *[len(word) + 1 for word in planted]]).tolist()
    found = search(engine, [Phrase(word) for word in words], [" ".join(planted)])  # type: ignore[arg-type]
    assert found == [(number, 0, start) for number, start in zip(range(0, 3000, 30), starts, strict=False)]
