"""The matcher against the rule read aloud, over texts made to break it."""

import time
import unicodedata
from collections.abc import Sequence
from itertools import product
from typing import Literal, get_args

import pytest
import slow_matches
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exposure.errors import PairsError
from exposure.phrases import GAP, MatchRule, Phrase
from indexer.matchers.aho_corasick import AhoCorasickMatcher

Case = Literal["fold", "exact"]
Boundary = Literal["word", "none"]
Whitespace = Literal["collapse", "verbatim"]
RULES = [MatchRule(*one) for one in product(*map(get_args, (Case, Boundary, Whitespace)))]
DEFAULT = MatchRule()

WORDS = (
    "the", "The", "cat", "cats", "a", "aa", "A", "_", "a_", "1", "1st", "é", "e\u0301", "\u0301", "can't", "can’t", "'",
    "’", "ʼ", "İ", "i\u0307", "ı", "ß", "ẞ", "ſ", "Σ", "σ", "ς", "ǅ", "\u212a", "漢", "字", "ん", "カ", "ｶ", "ภา", "ษ",
    "ກ", "ខ", "한", "😀", "👍🏽", "\u200d", "-", "—", ",", "…", "\ufffd", "½", "²", "Ⅷ",
)  # fmt: skip
SPACES = (
    " ", " ", " ", "  ", "\u00a0", "\t", "\n", "\n\n", "\r\n", "\r\n\r\n", "\n\r", "\r", "\r\r", "\u2028", "\u2029",
    "\x85", "\x0b", "\x0c", "\x1c", "\x1f", "\u3000", "\u200b", " \n ", " \n \n", "\n\t\u2028", "", "",
)  # fmt: skip
STOPS = (
    ".", "?", "!", "...", "?!", ".”", '."', ".'", ".’", ".ʼ", "?»", "!)", ".)", '.")', ".”.", "..", ".x", "Mr.", "mr.",
    "MRS.", "etc.)", "(st.", "1st.", "xst.", "vol..", "Dr.?", "_dr.", "ſt.", "…",
)  # fmt: skip
PIECE = st.sampled_from(WORDS) | st.sampled_from(SPACES) | st.sampled_from(STOPS)
TEXT = st.lists(PIECE, max_size=24).map("".join)
SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(["the", "cat", "a", "himself", "a a", "the cat", "x"]),
        st.sampled_from([" ", " ", " ", *SPACES, *STOPS]),
    ),
    max_size=14,
).map(lambda pairs: "".join(word + space for word, space in pairs))


def found(phrases: Sequence[Phrase], text: str, rule: MatchRule = DEFAULT) -> list[tuple[int, int, int]]:
    """What the matcher finds, sorted."""
    return sorted(AhoCorasickMatcher(phrases, rule).find(text))


def expected(phrases: Sequence[Phrase], text: str, rule: MatchRule = DEFAULT) -> list[tuple[int, int, int]]:
    """What the rule says, sorted."""
    slow = slow_matches.Rule(rule.case == "fold", rule.boundary == "word", rule.whitespace == "collapse")
    return sorted(
        (number, start, end)
        for number, phrase in enumerate(phrases)
        for start, end in slow_matches.find(text, phrase.parts, phrase.gap, phrase.sentence_end, slow)
    )


@st.composite
def parts_of(draw: st.DrawFn, text: str) -> str:
    """Something to look for: pieces put together, or a stretch of the text itself."""
    if text.strip() and draw(st.booleans()):
        start = draw(st.integers(0, len(text) - 1))
        stretch = text[start : start + draw(st.integers(1, 9))]
        if stretch.strip() and GAP not in stretch:
            return stretch
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    return draw(st.sampled_from([" ", " ", "\n", ""])).join(words)


@st.composite
def texts_and_phrases(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[Phrase]]:
    """A text and phrases of every kind, several of them made of the same words."""
    text = draw(texts)
    phrases = []
    for _ in range(draw(st.integers(1, 3))):
        first, second = draw(parts_of(text)), draw(parts_of(text))
        phrases += [Phrase(first), Phrase(first, sentence_end=True)]
        first, second = first.replace("…", "-"), second.replace("…", "-")
        phrases.append(Phrase(first + GAP + second, gap=draw(st.integers(1, 5))))
        if draw(st.booleans()):
            phrases += [
                Phrase(second + GAP + first, gap=2),
                Phrase(second + GAP + second, gap=3),
                Phrase(first.upper()),
            ]
    return text, draw(st.permutations(phrases))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.case}-{rule.boundary}-{rule.whitespace}")
@given(case=texts_and_phrases(TEXT))
@settings(max_examples=150)
def test_every_phrase_where_the_rule_says(rule: MatchRule, case: tuple[str, list[Phrase]]) -> None:
    """Plain, anchored and gap phrases at once, under every rule: all their places and no others."""
    text, phrases = case
    assert found(phrases, text, rule) == expected(phrases, text, rule)


@given(
    text=SENTENCES,
    gaps=st.lists(
        st.tuples(*[st.sampled_from(["the", "a", "cat", "himself", "a a", "the cat"])] * 2, st.integers(1, 6)),
        min_size=1,
        max_size=5,
    ),
    rule=st.sampled_from(RULES),
)
@settings(max_examples=400)
@example("the the the", [("the", "the", 1)], DEFAULT)
@example("the cat. the\n\nhimself", [("the", "himself", 3)], DEFAULT)
def test_gap_patterns_where_the_rule_says(text: str, gaps: list[tuple[str, str, int]], rule: MatchRule) -> None:
    """The nearest earlier part in the same sentence, at most W words before: over texts full of both parts."""
    phrases = [Phrase(earlier + GAP + later, gap=gap) for earlier, later, gap in gaps]
    assert found(phrases, text, rule) == expected(phrases, text, rule)


# ------------------------------------------------------------------------------------------------------- plain words


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        ("the the", "the the the", [(0, 7), (4, 11)]),
        ("aa", "aaa", []),
        ("the cat", "The  Cat", [(0, 8)]),
        ("the cat", "the cat", [(0, 7)]),
        ("the cat", "", []),
        ("the cat", "the ca", []),
        ("cat", "cat", [(0, 3)]),
        ("cat", "the cat", [(4, 7)]),
        ("cats can", "cats can't", [(0, 8)]),
        ("paula reference", "paula references", []),
        ("cat", "_cat cat_ 1cat cat² ½cat cat", [(25, 28)]),
        ("cat", "cat\u0301", [(0, 3)]),
        ("can't", "can’t canʼt can't", [(0, 5), (6, 11), (12, 17)]),
        ("the cat", "the\u00a0cat the\ncat the \r\n cat", [(0, 7), (8, 15), (16, 26)]),
        ("the cat", "the\n\ncat the\r\n\r\ncat the\n \ncat the\n\rcat the\u2029\u2028cat", []),
        ("the cat", "the\x1fcat the\x1ccat the\x1c\x1dcat", [(0, 7), (8, 15)]),
        ("a b", "a\u200bb", []),
        ("στασ", "ΣΤΑΣ στας", [(0, 4)]),
        ("istanbul", "İSTANBUL", [(0, 8)]),
        ("i\u0307stanbul", "İSTANBUL", []),
        ("straße", "STRASSE STRAẞE", [(8, 14)]),
        ("漢", "x漢字y", [(1, 2)]),
        ("漢a", "b漢a漢ac x漢a", [(8, 10)]),
        ("a漢", "xa漢 a漢b", [(4, 6)]),
        ("ภาษา", "กภาษาไทย", [(1, 5)]),
        ("한", "한국 한", [(3, 4)]),
        ("😀", "a😀b", [(1, 2)]),
        (".", "a.b.", [(1, 2), (3, 4)]),
        ("'s", "cat's 'so 's", [(3, 5), (10, 12)]),
        ("…", "a…b", [(1, 2)]),
    ],
)
def test_words_by_hand(phrase: str, text: str, places: list[tuple[int, int]]) -> None:
    """Boundaries, white space, folding and scripts without spaces, as one would mark them with a pencil."""
    assert [(start, end) for _, start, end in found([Phrase(phrase)], text)] == places
    assert expected([Phrase(phrase)], text) == found([Phrase(phrase)], text)


@pytest.mark.parametrize(
    ("rule", "phrase", "text", "places"),
    [
        (MatchRule(case="exact"), "The", "the The THE", [(4, 7)]),
        (MatchRule(case="exact"), "can't", "can’t can't", [(6, 11)]),
        (MatchRule(boundary="none"), "paula reference", "paula references", [(0, 15)]),
        (MatchRule(boundary="none"), "aa", "aaaa", [(0, 2), (1, 3), (2, 4)]),
        (MatchRule(whitespace="verbatim"), "the cat", "the  cat the\ncat the\u00a0cat the cat", [(25, 32)]),
        (MatchRule(whitespace="verbatim"), "the\n cat", "the cat", [(0, 7)]),
    ],
)
def test_other_rules_by_hand(rule: MatchRule, phrase: str, text: str, places: list[tuple[int, int]]) -> None:
    """Exact case, raw substrings, and white space as it stands."""
    assert [(start, end) for _, start, end in found([Phrase(phrase)], text, rule)] == places


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("had fired", True),
        ("had fired.", True),
        ("had fired?!", True),
        ("had fired...", True),
        ("had fired them", False),
        ("had fired ", False),
        ("had fired .", False),
        ("had fired, he", False),
        ("had fired”.", False),
        ("had fired…", False),
        ("had fired\n\nHe", False),
        ("had fired.x", True),
    ],
)
def test_anchored_phrase(text: str, is_found: bool) -> None:
    """A sentence end is [.?!] directly behind the phrase, or the end of the passage: nothing else, not even a space."""
    assert bool(found([Phrase("had fired", sentence_end=True)], text)) == is_found


def test_same_words_as_plain_anchored_and_both_halves_of_a_gap() -> None:
    """One set of words serves every kind of phrase at once, each with its own number."""
    phrases = [
        Phrase("the"),
        Phrase("the", sentence_end=True),
        Phrase("the … the", gap=2),
        Phrase("The"),
        Phrase("the … cat", gap=1),
        Phrase(" the "),
        Phrase("the … the", gap=1),
    ]
    assert found(phrases, "The cat, the.") == [
        (0, 0, 3),
        (0, 9, 12),
        (1, 9, 12),
        (2, 0, 12),
        (3, 0, 3),
        (3, 9, 12),
        (4, 0, 7),
        (5, 0, 3),
        (5, 9, 12),
    ]


# ---------------------------------------------------------------------------------------------------------- gaps


@pytest.mark.parametrize(
    ("gap", "text", "places"),
    [
        (5, "Mary saw the boy hurt himself.", [(0, 29)]),
        (4, "Mary saw the boy hurt himself.", []),
        (5, "mary MARY saw himself", [(5, 21)]),
        (5, "mary himself himself", [(0, 12), (0, 20)]),
        (5, "himself mary", []),
        (5, "mary-himself", []),
        (5, "mary. himself", []),
        (5, "mary? himself! mary himself", [(15, 27)]),
        (5, "mary.” himself", []),
        (5, "mary.”) himself", []),
        (5, "mary .... himself", []),
        (5, "mary met mr. brown himself", [(0, 26)]),
        (5, "mary met mr.. brown himself", []),
        (5, "mary met mr.) brown himself", [(0, 27)]),
        (5, "mary met mr? brown himself", []),
        (5, "mary etc.” himself", [(0, 18)]),
        (5, "mary 3.5 himself", [(0, 16)]),
        (5, "mary.himself x himself", [(0, 22)]),
        (5, "mary\nhimself", [(0, 12)]),
        (5, "mary\n\nhimself", []),
        (5, "mary \r\n \r\n himself", []),
        (5, "mary: himself; “himself”", [(0, 13), (0, 23)]),
        (1, "mary, himself", [(0, 13)]),
        (1, "mary - himself", []),
        (2, "mary - himself", [(0, 14)]),
    ],
)
def test_gaps_by_hand(gap: int, text: str, places: list[tuple[int, int]]) -> None:
    """Distances count white-space separated words; sentences end at stops and blank lines, not at abbreviations."""
    phrase = Phrase("mary … himself", gap=gap)
    assert [(start, end) for _, start, end in found([phrase], text)] == places


@pytest.mark.parametrize("word", slow_matches.ABBREVIATIONS)
def test_every_abbreviation(word: str) -> None:
    """Behind each of them one full stop ends no sentence, in any case; inside a longer word, or doubled, it does."""
    for written in (word, word.title(), word.upper()):
        for rule in RULES:
            text = f"mary saw {written}. brown hurt himself"
            assert found([Phrase(f"brown{GAP}himself", gap=9), Phrase(f"mary{GAP}himself", gap=9)], text, rule) == [
                (0, text.index("brown"), len(text)),
                (1, 0, len(text)),
            ]
            assert not found([Phrase(f"mary{GAP}himself", gap=9)], f"mary saw x{written}. brown hurt himself", rule)
            assert not found([Phrase(f"mary{GAP}himself", gap=9)], f"mary saw {written}.. brown hurt himself", rule)


@pytest.mark.parametrize("whitespace", get_args(Whitespace))
@pytest.mark.parametrize(
    "break_", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_every_line_break_makes_a_blank_line(break_: str, whitespace: Whitespace) -> None:
    """Two of any line breaks of str.splitlines end phrase and sentence; one does neither, \\r\\n counting once."""
    rule = MatchRule(whitespace=whitespace)
    gap, words = Phrase("the … cat", gap=1), Phrase("the cat")
    collapsed = [(1, 0, 7)] if whitespace == "collapse" else []
    length = len(break_) + 6
    assert found([gap, words], f"the{break_}cat", rule) == [(0, 0, length), *[(n, a, length) for n, a, _ in collapsed]]
    assert found([gap, words], f"the{break_}{break_}cat", rule) == []
    assert found([gap, words], f"the{break_} {break_}cat", rule) == []


# --------------------------------------------------------------------------------------------------- other promises


def test_no_phrases_and_no_text() -> None:
    """Nothing to look for, and nowhere to look, find nothing."""
    assert found([], "the cat") == []
    assert found([Phrase("the")], "") == []
    assert found([Phrase("the … cat", gap=1)], " \n\n ") == []


def test_phrases_are_normalised_as_texts_are() -> None:
    """A phrase goes through the tokenizer's normaliser, part by part; two that become the same are both found."""
    phrases = [Phrase("cafe\u0301"), Phrase("café"), Phrase("cafe\u0301 … café", gap=1), Phrase("ﬁn")]
    matcher = AhoCorasickMatcher(phrases, DEFAULT, lambda text: unicodedata.normalize("NFKC", text))
    assert sorted(matcher.find("café café fin")) == [(0, 0, 4), (0, 5, 9), (1, 0, 4), (1, 5, 9), (2, 0, 9), (3, 10, 13)]


@pytest.mark.parametrize("phrase", [Phrase("\u00ad"), Phrase("\u00ad … x", gap=2), Phrase("x … \u00ad", gap=2)])
def test_phrase_of_which_nothing_is_left(phrase: Phrase) -> None:
    """A phrase that the normaliser makes empty cannot be looked for, and is refused by its text."""
    with pytest.raises(PairsError, match="normaliser"):
        AhoCorasickMatcher([phrase], DEFAULT, lambda text: text.replace("\u00ad", ""))


@given(st.lists(st.sampled_from("ab "), min_size=1, max_size=60).map("".join), st.integers(1, 4))
@settings(max_examples=50)
def test_many_overlapping_phrases(text: str, longest: int) -> None:
    """Every word sequence over two letters at once: phrases inside phrases hide none of each other."""
    phrases = [Phrase(" ".join(words)) for size in range(1, longest + 1) for words in product("ab", repeat=size)]
    phrases += [Phrase("".join(words)) for words in product("ab", repeat=longest)]
    for rule in (DEFAULT, MatchRule(boundary="none")):
        assert found(phrases, text, rule) == expected(phrases, text, rule)


def seconds(phrases: list[Phrase], text: str) -> tuple[int, float]:
    """(matches, seconds of this process) of a search."""
    started = time.process_time()
    matches = sum(1 for _ in AhoCorasickMatcher(phrases, DEFAULT).find(text))
    return matches, time.process_time() - started


def test_long_text_full_of_both_parts_takes_no_square_of_time() -> None:
    """A document of hundreds of thousands of words that holds both parts everywhere is done in seconds."""
    matches, spent = seconds(
        [Phrase("the … himself", gap=9), Phrase("himself … the", gap=9)], "the himself x " * 50_000
    )
    assert matches == 50_000 + 49_999
    assert spent < 20


@pytest.mark.parametrize("run", [".", "?!", '."', ")", "\n \n", "mr.", "\u2028"])
def test_long_runs_of_signs_take_no_square_of_time(run: str) -> None:
    """Rules of dots, quotes or blank lines, as tables of contents have them, are passed in no time."""
    matches, spent = seconds([Phrase("the … himself", gap=9)], f"the{run * 100_000}x the himself")
    assert matches == 1
    assert spent < 10
