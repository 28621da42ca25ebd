"""Wherever a phrase lies to the blocks and windows in which compiled code sees a text: planted ones are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from nasty_texts import ALPHABET, LENGTHS, with_changed
from searches import ENGINES, Places, search, slow_search

from exposure.phrases import MatchRule, Phrase
from indexer.blocks import GAP
from indexer.compiled.key_search import WINDOW
from indexer.compiled.vectors import VECTOR
from indexer.matchers.engine import Engine

WINDOW_BYTES = WINDOW * VECTOR
KELVIN = "\u212a"
"""Three bytes, folded to one."""
engines = pytest.mark.parametrize("engine", ENGINES)

PIECES = (
    ("The cat", Phrase("the cat")),
    ("the \u2003\r\n\t cat", Phrase("the cat")),
    ("Paula’s", Phrase("paula's")),
    ("\u212aKing’s İ\u212a", Phrase("kking's ik")),
    ("漢字のÉ", Phrase("漢字のé")),
    ("😀😀.", Phrase("😀😀", sentence_end=True)),
    ("one two, three four five six", Phrase("one two, three four five six")),
    (ALPHABET[:65], Phrase(ALPHABET[:65])),
    ("Mary saw “it”’s herself", Phrase("mary … herself", gap=3)),
)
"""(what is planted, what finds it)."""


def planted(plants: Iterable[tuple[int, str]]) -> str:
    """A passage in which pieces stand at bytes (of its block's buffer, rising), among words that nobody looks for."""
    text = bytearray()
    for place, piece in plants:
        room = place - len(GAP) - len(text)
        text += (b" yyy" * (room // 4 + 1))[: room - 1] + b" " + piece.encode()
    return text.decode() + " yyy"


def around(border: int, piece: str) -> range:
    """Every way of lying across a border, or just beside it."""
    return range(border - len(piece.encode()) - 2, border + 3)


@pytest.mark.parametrize(("engine", "longest"), [("words", 1), ("words", 200), ("aho-corasick", 1)])
def test_phrases_across_windows(engine: Engine, longest: int) -> None:
    """Each piece is found once at every place around the border of two windows, whatever the longest phrase is."""
    phrases = [*dict.fromkeys(phrase for _, phrase in PIECES), Phrase("yyy " * longest + "zz")]
    plants: list[tuple[int, str]] = []
    expected: Places = []
    for piece, phrase in PIECES:
        for offset in around(0, piece):
            place = (len(plants) + 1) * WINDOW_BYTES + offset
            plants.append((place, piece))
            expected.append((phrases.index(phrase), 0, place - len(GAP)))
    assert search(engine, phrases, [planted(plants)]) == sorted(expected)


@engines
@pytest.mark.parametrize("length", LENGTHS)
def test_long_words_across_blocks(engine: Engine, length: int) -> None:
    """A word of any length is found at every place within 64 bytes, and one that differs in a single letter is not."""
    word = ALPHABET[:length]
    others = [with_changed(word, place) for place in {0, 7, length // 2, length - 8, length - 1}]
    others += [word[:-1], word + "a", "a" + word, word[1:]]
    step = (length // VECTOR + 2) * VECTOR
    plants, expected = [], []
    for number in range(VECTOR * (len(others) + 1)):
        place = (number + 1) * step + number % VECTOR
        is_other = number // VECTOR < len(others)
        plants.append((place, others[number // VECTOR] if is_other else word))
        if not is_other:
            expected += [(0, 0, place - len(GAP)), (1, 0, place - len(GAP))]
    assert search(engine, [Phrase(word), Phrase(f"{word.upper()} yyy")], [planted(plants)]) == sorted(expected)


@engines
@pytest.mark.parametrize("whitespace", ["collapse", "verbatim"])
@pytest.mark.parametrize("piece", ["\u212aİ’漢É", "\u00a0\u2028é", "😀\u212a😀", "…’ʼ", "\r\n \x85"])
def test_characters_across_blocks(engine: Engine, piece: str, whitespace: str) -> None:
    """Characters of several bytes mean the same at every place within 64 bytes, also where a block cuts them."""
    passages = [" " * place + f"the{piece}cat a{piece}{piece}b the" for place in range(VECTOR + 1)]
    texts = ["the", "cat", "the cat", "a b", "b the", f"the{piece}cat", f"a{piece}{piece}b"]
    phrases = [Phrase(text) for text in texts] + [Phrase("the … the", gap=3), Phrase("a … b", gap=1)]
    rule = MatchRule(whitespace=whitespace)  # type: ignore[arg-type]
    assert search(engine, phrases, passages, rule) == slow_search(phrases, passages, rule)


def counts(found: Places, phrases: Sequence[Phrase]) -> list[int]:
    """How many places each phrase has, all of them different."""
    assert len(set(found)) == len(found)
    return [sum(number == phrase for number, _, _ in found) for phrase in range(len(phrases))]


@engines
@pytest.mark.parametrize("shift", range(4))
def test_texts_that_match_everywhere_over_windows(engine: Engine, shift: int) -> None:
    """Phrases of one token to hundreds, at once, are found from every word of a text of several windows, each once."""
    words = 4 * WINDOW_BYTES // 4
    lengths = (1, 2, 3, 4, 37, 600)
    phrases = [Phrase(" ".join(["the"] * length)) for length in lengths]
    text = "x" * shift + " the" * words
    assert counts(search(engine, phrases, [text]), phrases) == [words - length + 1 for length in lengths]


@engines
def test_phrase_longer_than_windows(engine: Engine) -> None:
    """A phrase of thousands of words is found over several windows, and not where its last word differs."""
    words = [f"w{number}" for number in range(5000)]
    whole, other = " ".join(words), " ".join([*words[:-1], "x"])
    text = f"{other} {whole} yyy {whole}"
    phrases = [Phrase(whole), Phrase("w0 w1"), Phrase("w4999", sentence_end=True), Phrase("w4999 … w0", gap=2)]
    assert len(whole) > WINDOW_BYTES
    again = len(other) + 1 + len(whole) + 5
    assert search(engine, phrases, [text]) == [
        *[(0, 0, place) for place in (len(other) + 1, again)],
        *[(1, 0, place) for place in (0, len(other) + 1, again)],
        (2, 0, len(text) - 5),
        (3, 0, again - 10),
    ]


@engines
def test_word_longer_than_windows(engine: Engine) -> None:
    """A word over several windows is one word, also where each of its letters became shorter when it was folded."""
    length = WINDOW_BYTES
    text = f"a {KELVIN * length} b {KELVIN * (length - 1)}k c {KELVIN * (length + 1)} c"
    phrases = [Phrase("k" * length), Phrase("k" * (length + 1)), Phrase("k" * (length - 1)), Phrase("a … b", gap=2)]
    phrases += [Phrase("k" * length + " c"), Phrase("b … c", gap=1)]
    second = 2 + 3 * length + 3
    third = second + 3 * (length - 1) + 1 + 3
    assert search(engine, phrases, [text]) == [(0, 0, 2), (0, 0, second), (1, 0, third), (3, 0, 0), (4, 0, second)]


@engines
@pytest.mark.parametrize("run", [" ", "\u3000", "\t \u00a0"])
def test_white_space_longer_than_windows(engine: Engine, run: str) -> None:
    """White space over several windows, in which there is no token, is one space; with two line breaks it ends all."""
    long = run * (3 * WINDOW_BYTES // len(run))
    phrases = [Phrase("the k"), Phrase("k … the", gap=1), Phrase("k")]
    passages = [
        f"the{long}{KELVIN}{long}the{long}\n{long}{KELVIN}",
        f"the\n{long}\u2028k",
        f"k{long}\n{long}\n{long}the",
    ]
    size = len(long.encode())
    later = 3 + size + 3 + size
    assert search(engine, phrases, passages) == [
        (0, 0, 0), (0, 0, later), (1, 0, 3 + size), (2, 0, 3 + size), (2, 0, later + 3 + size + 1 + size),
        (2, 1, 3 + 1 + size + 3), (2, 2, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_many_later_halves_behind_a_long_word(engine: Engine) -> None:
    """A word of thousands of later halves behind one of thousands of tokens takes no longer for being long."""
    text = "boys " + "a," * 20_000 + " " + "himself," * 16_000
    found = search(engine, [Phrase("boys … himself", gap=5), Phrase("a … himself", gap=1)], [text])
    assert len(found) == 2 * 16_000
    assert {start for phrase, _, start in found if phrase == 0} == {0}
    assert {start for phrase, _, start in found if phrase == 1} == {len("boys ") + 2 * 19_999}
