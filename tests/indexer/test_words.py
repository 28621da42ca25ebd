"""All engines against the rule read aloud, over blocks of passages made to break them."""

from __future__ import annotations

import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise, product
from threading import Barrier

import nasty_texts
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searches import DEFAULT, ENGINES, WORD_RULES, block_of, places, search, slow_search

from exposure.errors import CorpusError, PairsError
from exposure.phrases import GAP, MatchRule, Phrase
from indexer.blocks import DocumentBlock, TextBlock, laid_out
from indexer.matchers.engine import Engine, matcher
from indexer.matchers.words import FIRST_ROOM, WordMatcher
from indexer.rows import whole_documents

Search = tuple[list[Phrase], list[list[str]]]
engines = pytest.mark.parametrize("engine", ENGINES)
rules = pytest.mark.parametrize("rule", WORD_RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")


# ---------------------------------------------------------------------------------------- whatever the text, all rules


@rules
@given(asked=nasty_texts.searches())
@settings(max_examples=100)
def test_every_phrase_where_the_rule_says(rule: MatchRule, asked: Search) -> None:
    """Plain, anchored and gap phrases at once over several passages: all their places, each once, and no others."""
    phrases, (passages,) = asked
    expected = slow_search(phrases, passages, rule)
    for engine in ENGINES:
        assert search(engine, phrases, passages, rule) == expected, engine


SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(["the", "The", "cat", "a", "himself", "a a", "the cat", "Paula’s", "漢", "İ", "x"]),
        st.sampled_from([" ", " ", " ", *nasty_texts.SPACES, *nasty_texts.SIGNS, ". ", ".” ", "! ", "Mr. ", " etc.) "]),
    ),
    max_size=16,
).map(lambda pairs: "".join(word + space for word, space in pairs))
HALVES = st.sampled_from(["the", "a", "cat", "himself", "a a", "the cat", "paula's", "漢", "i", "."])


@given(
    passages=st.lists(SENTENCES, max_size=3),
    gaps=st.lists(st.tuples(HALVES, HALVES, st.integers(1, 6)), min_size=1, max_size=8),
    rule=st.sampled_from(WORD_RULES),
)
@settings(max_examples=200)
@example(["the the the"], [("the", "the", 1)], DEFAULT)
@example(["the cat. the\n\nhimself", "the", "himself"], [("the", "himself", 3)], DEFAULT)
def test_gap_patterns_where_the_rule_says(
    passages: list[str], gaps: list[tuple[str, str, int]], rule: MatchRule
) -> None:
    """The nearest earlier part in the same sentence, at most W words before: over texts full of both parts."""
    phrases = [Phrase(earlier + GAP + later, gap=gap) for earlier, later, gap in gaps]
    expected = slow_search(phrases, passages, rule)
    for engine in ENGINES:
        assert search(engine, phrases, passages, rule) == expected, engine


@given(st.lists(st.sampled_from("ab "), min_size=1, max_size=60).map("".join), st.integers(1, 4))
@settings(max_examples=30)
def test_many_overlapping_phrases(text: str, longest: int) -> None:
    """Every word sequence over two letters at once: phrases inside phrases hide none of each other."""
    phrases = [Phrase(" ".join(words)) for size in range(1, longest + 1) for words in product("ab", repeat=size)]
    phrases += [Phrase("".join(words)) for words in product("ab", repeat=longest)]
    expected = slow_search(phrases, [text, text])
    for engine in ENGINES:
        assert search(engine, phrases, [text, text]) == expected, engine


@rules
@given(asked=nasty_texts.searches(blocks=4))
@settings(max_examples=40)
def test_blocks_leave_nothing_behind(rule: MatchRule, asked: Search) -> None:
    """One matcher over block after block, longer and shorter ones, finds in each what a new one would."""
    phrases, blocks = asked
    words = WordMatcher(phrases, rule)
    answers = []
    for passages in [*blocks, ["the \u212aelvin’s İ " * 500], *blocks]:
        block = block_of(passages)
        answers.append(places(words.find(block), block))
    expected = [slow_search(phrases, passages, rule) for passages in blocks]
    assert [*answers[: len(blocks)], *answers[-len(blocks) :]] == expected * 2


def test_words_of_a_block_are_forgotten() -> None:
    """What is known of a long word in one block says nothing of the words at the same places of the next."""
    words = WordMatcher([Phrase("the … himself", gap=1)], DEFAULT)
    for passage, expected in (("-" * 90 + "himself", []), ("the himself, the himself", [(0, 0, 0), (0, 0, 13)])) * 2:
        block = block_of([passage])
        assert places(words.find(block), block) == expected


# --------------------------------------------------------------------------------------------------- edges of passages


@engines
@pytest.mark.parametrize("passages", [[], [""], ["", "", ""], ["the cat"], ["", "the cat", ""], [" ", "\n\n"]])
@pytest.mark.parametrize("phrases", [[], [Phrase("the cat")], [Phrase("the … cat", gap=1), Phrase("the")]])
def test_nothing_to_look_for_and_nowhere_to_look(engine: Engine, passages: list[str], phrases: list[Phrase]) -> None:
    """No phrases, no passages and empty passages are answered like all others."""
    assert search(engine, phrases, passages) == slow_search(phrases, passages)


@engines
@pytest.mark.parametrize("whitespace", ["collapse", "verbatim"])
@pytest.mark.parametrize(
    "end", ["", " ", "\n", "\r", "\u2028", "\x85", ".", "’", "\u212a", "漢", "\u0301", "\ufffd", "😀"]
)
def test_nothing_matches_across_passages(engine: Engine, end: str, whitespace: str) -> None:
    """Whatever a passage ends or begins with, phrases and gap patterns stay within it, and its edges bound words."""
    rule = MatchRule(whitespace=whitespace)  # type: ignore[arg-type]
    passages = ["the" + end, end + "cat", "the" + end, end, end + "cat", "the cat", "cat the"]
    phrases = [Phrase(text) for text in ("the cat", "the", "cat", "thecat", "cat the")]
    phrases += [Phrase("the … cat", gap=9), Phrase("the", sentence_end=True), Phrase("cat", sentence_end=True)]
    found = search(engine, phrases, passages, rule)
    assert found == slow_search(phrases, passages, rule)
    assert [place for place in found if place[0] in (0, 5)] == [(0, 5, 0), (5, 5, 0)]


@engines
@rules
@pytest.mark.parametrize("beside", [*"x_1éſ\u212a漢んภ한½𐐀😀\u0301’-"])
def test_boundaries_of_words(engine: Engine, rule: MatchRule, beside: str) -> None:
    """Whatever stands beside a phrase, on either side or behind a sign: it bounds the phrase as the rule says."""
    phrases = [*map(Phrase, ("the", "漢", "the cat", "the漢", "漢the", "'the", "the'", "."))]
    phrases.append(Phrase("the … the", gap=1))
    words = ("the", "漢", "The cat", "the漢", "漢the", "’the’", ".")
    passages = [text for word in words for text in (beside + word, word + beside, f"{beside}’{word}’{beside} {word}")]
    assert search(engine, phrases, passages, rule) == slow_search(phrases, passages, rule)


@engines
def test_many_passages(engine: Engine) -> None:
    """Thousands of passages, most of them empty: each match is told with its own."""
    passages = ["the cat sat" if number % 7 == 0 else "" if number % 7 < 6 else "x" for number in range(7000)]
    expected = [(0, number, 0) for number in range(0, 7000, 7)] + [(1, number, 8) for number in range(0, 7000, 7)]
    assert search(engine, [Phrase("the cat"), Phrase("sat", sentence_end=True)], passages) == expected


@engines
@pytest.mark.parametrize(
    "text", ["Ⱥ", "ⱥ", "Ⱥⱥ Ⱥ", "\u212a", "k\u212a", "\u212bå", "İi", "ẞß", "ςσΣ", "ǅ ǆ Ǆ", "ﬁ", "’ʼ'", "𐐀𐐨", "\0 \0\0"]
)
def test_every_way_of_writing_a_phrase(engine: Engine, text: str) -> None:
    """What folds alike is found by any of its forms, shorter or longer ones, and told as the byte where it stands."""
    passages = [f"x {text} x {text.lower()}, {text.upper()}! {text}", text]
    for phrase in (text, text.lower(), text.upper()):
        phrases = [Phrase(phrase), Phrase(phrase, sentence_end=True)]
        assert search(engine, phrases, passages) == slow_search(phrases, passages)


# ----------------------------------------------------------------------------------------------------- many and at once


@engines
def test_one_set_of_words_for_every_kind_of_phrase(engine: Engine) -> None:
    """The same words plain, anchored, in several forms and as both halves of gaps: each phrase has its own matches."""
    phrases = [
        *map(Phrase, ("the", "The", " the ")), Phrase("the", sentence_end=True), Phrase("THE", sentence_end=True),
        *[Phrase("the … the", gap=gap) for gap in (1, 2, 3, 9)], *[Phrase("the … cat", gap=gap) for gap in (9, 1, 2)],
        *[Phrase("cat … the", gap=gap) for gap in (3, 2, 1)],
        Phrase("the the … the", gap=2), Phrase("the … the the", gap=2),
    ]  # fmt: skip
    passages = ["The cat, the. THE the the Cat the the", "the", "the the the the. cat"]
    expected = slow_search(phrases, passages)
    assert {phrase for phrase, _, _ in expected} == set(range(len(phrases)))
    assert search(engine, phrases, passages) == expected


@engines
@pytest.mark.parametrize("words", [FIRST_ROOM - 1, FIRST_ROOM, FIRST_ROOM + 1, 3 * FIRST_ROOM])
def test_more_matches_than_there_was_room_for(engine: Engine, words: int) -> None:
    """A text that matches everywhere is answered in full, more than once, and so is the small one behind it."""
    phrases = [Phrase("the"), Phrase("the the"), Phrase("the", sentence_end=True), Phrase("the … the", gap=2)]
    found = matcher(engine, phrases, DEFAULT)
    dense, small = block_of(["the " * (words - 1) + "the"]), block_of(["the the"])
    for _ in range(2):
        hits = found.find(dense)
        assert np.bincount(hits.phrase).tolist() == [words, words - 1, 1, words - 1]
        starts = [sorted(hits.start[hits.phrase == number] - dense.start[0]) for number in range(4)]
        everywhere = list(range(0, 4 * words, 4))
        assert starts == [everywhere, everywhere[:-1], everywhere[-1:], everywhere[:-1]]
        assert places(found.find(small), small) == [(0, 0, 0), (0, 0, 4), (1, 0, 0), (2, 0, 4), (3, 0, 0)]


@engines
def test_threads_share_a_matcher(engine: Engine) -> None:
    """Threads that search different texts at once, of different lengths, find each what one alone finds."""
    phrases = [Phrase("the"), Phrase("the cat"), Phrase("cat … himself", gap=3), Phrase("himself", sentence_end=True)]
    shared = matcher(engine, phrases, DEFAULT)
    texts = [
        ["the cat \u212a " * length + "’himself. " * number] * 3 for number, length in enumerate((1, 3000, 40, 900))
    ]
    blocks = [block_of(text) for text in texts]
    expected = [places(matcher(engine, phrases, DEFAULT).find(block), block) for block in blocks]
    together = Barrier(len(blocks))

    def many_times(number: int) -> list[bool]:
        together.wait()
        return [places(shared.find(blocks[number]), blocks[number]) == expected[number] for _ in range(5)]

    with ThreadPoolExecutor(len(blocks)) as pool:
        assert [list(same) for same in pool.map(many_times, range(len(blocks)))] == [[True] * 5] * len(blocks)


def seconds(engine: Engine, phrases: list[Phrase], text: str) -> tuple[int, float]:
    """(matches, seconds of this process) of a search by an engine that is ready."""
    found, block = matcher(engine, phrases, DEFAULT), block_of([text])
    found.find(block_of(["the himself"]))
    started = time.process_time()
    return len(found.find(block).phrase), time.process_time() - started


@engines
@pytest.mark.parametrize("run", [".", "?!", '."', ")", "\n \n", "mr.", "\u2028", " ", "\t", "’", "\u212a", "漢", "x-"])
def test_long_runs_take_no_square_of_time(engine: Engine, run: str) -> None:
    """Rules of dots, quotes, blank lines or blanks, and words without an end, are passed in no time."""
    phrases = [Phrase("the … himself", gap=9), Phrase("himself", sentence_end=True)]
    found, spent = seconds(engine, phrases, f"the{run * 100_000}x the himself")
    assert found == 2
    assert spent < 5


@engines
def test_long_text_full_of_both_parts_takes_no_square_of_time(engine: Engine) -> None:
    """A document of a hundred thousand words that holds both parts everywhere is done in seconds."""
    phrases = [Phrase("the … himself", gap=9), Phrase("himself … the", gap=9)]
    found, spent = seconds(engine, phrases, "the himself x " * 50_000)
    assert found == 50_000 + 49_999
    assert spent < 5


@pytest.mark.parametrize("parts", ["himself,", "the,himself,", "himself-the’", "漢,himself;"])
def test_words_of_many_parts_take_no_square_of_time(parts: str) -> None:
    """A word without white space that holds thousands of later parts is walked once, not once for each."""
    phrases = [Phrase("the … himself", gap=1)]
    found, spent = seconds("words", phrases, "the " + parts * 50_000 + "x himself")
    assert found == 50_000 + ("the" in parts)
    assert spent < 2


@engines
def test_hundred_thousand_phrases(engine: Engine) -> None:
    """A long list finds each of its phrases where it is planted, and nothing of those that are not."""
    phrases = [Phrase(f"n{number} of {number % 977}") for number in range(100_000)]
    planted = list(range(0, 100_000, 97))
    text = " ".join(phrases[number].text for number in planted)
    found = search(engine, phrases, [text])
    lengths = [len(phrases[number].text) + 1 for number in planted]
    assert found == [
        (number, 0, start) for number, start in zip(planted, np.cumsum([0, *lengths]).tolist(), strict=False)
    ]


# ------------------------------------------------------------------------------------------------------- other promises


@engines
def test_phrases_are_normalised_as_texts_are(engine: Engine) -> None:
    """A phrase goes through the tokenizer's normaliser, part by part; two that become the same are both found."""
    phrases = [Phrase("cafe\u0301"), Phrase("café"), Phrase("cafe\u0301 … café", gap=1), Phrase("ﬁn")]
    found = search(engine, phrases, ["café café fin"], DEFAULT, lambda text: unicodedata.normalize("NFKC", text))
    assert found == [(0, 0, 0), (0, 0, 6), (1, 0, 0), (1, 0, 6), (2, 0, 0), (3, 0, 12)]


@engines
@pytest.mark.parametrize("phrase", [Phrase("\u00ad"), Phrase("\u00ad … x", gap=2), Phrase("x … \u00ad", gap=2)])
def test_phrase_of_which_nothing_is_left(engine: Engine, phrase: Phrase) -> None:
    """A phrase that the normaliser makes empty cannot be looked for, and is refused by its text."""
    with pytest.raises(PairsError, match="normaliser"):
        search(engine, [phrase], ["x"], DEFAULT, lambda text: text.replace("\u00ad", ""))


def test_texts_are_not_written_to() -> None:
    """A block is the same after a search as before it."""
    block = block_of(["The \u212aelvin’s CAT", "ÉTÉ"])
    before = block.text.copy()
    assert len(WordMatcher([Phrase("the kelvin's cat")], DEFAULT).find(block).phrase) == 1
    assert np.array_equal(block.text, before)


@given(
    st.lists(
        st.binary(max_size=40)
        | st.lists(st.sampled_from(list(b"the cat \n\xe2\x80\xc3\xff\xf4\xed")), max_size=90).map(bytes),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=150)
def test_bytes_that_are_no_text(passages: list[bytes]) -> None:
    """Of a file that changed under the scan, matches are still places of its passages, in passages told rightly."""
    block: TextBlock = whole_documents(DocumentBlock(*laid_out(passages), 0, str), 0)
    phrases = [
        Phrase("the"),
        Phrase("the cat"),
        Phrase("t"),
        Phrase("cat", sentence_end=True),
        Phrase("the … cat", gap=2),
    ]
    for rule in WORD_RULES:
        hits = WordMatcher(phrases, rule).find(block)
        assert (block.start[hits.passage] <= hits.start).all()
        assert (hits.start < block.end[hits.passage]).all()


def test_passages_of_a_block_stand_apart() -> None:
    """What matchers rely on: a blank line around each passage of a block."""
    block = block_of(["a", "", "b"])
    assert [
        bytes(block.text[end:start]) for (_, end), (start, _) in pairwise(zip(block.start, block.end, strict=True))
    ] == [b"\n\n"] * 2


def test_text_of_four_gigabytes_is_refused() -> None:
    """A text whose places would not fit is refused before it is read, and what to do instead is said."""
    block = replace(block_of(["a"]), end=np.array([1 << 32]))
    with pytest.raises(CorpusError, match="engine aho-corasick"):
        WordMatcher([Phrase("a")], DEFAULT).find(block)
