"""Where tokens begin and end, and what folded text looks like: against one character after the other."""

from __future__ import annotations

from typing import NamedTuple

import nasty_texts
import numpy as np
import oracles
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searches import WORD_RULES

from exposure.phrases import MatchRule
from indexer.blocks import GAP, laid_out
from indexer.compiled.characters import FILLER, stand_ins
from indexer.compiled.gap_search import begin_before, next_set
from indexer.compiled.hashing import LONGEST, token_length, token_starts
from indexer.compiled.marked_text import MarkedText, Marker
from indexer.compiled.vectors import VECTOR

rules = pytest.mark.parametrize("rule", WORD_RULES, ids=lambda rule: f"{rule.case}-{rule.whitespace}")
TEXTS = nasty_texts.alphabets().flatmap(lambda alphabet: nasty_texts.texts(alphabet, 40))


class Marked(NamedTuple):
    """Folded bytes; (first byte, end) of each token; places of characters made shorter inside words."""

    text: bytes
    tokens: list[tuple[int, int]]
    odd: list[int]


def slow_marked(text: str, rule: MatchRule) -> Marked:
    """A text folded and cut into tokens: runs of word characters, and single characters that are no white space."""
    folded = bytearray()
    tokens: list[tuple[int, int]] = []
    odd: list[int] = []
    run_ends = -1
    for character in text:
        shown = chr(stand_ins()[ord(character)]) if rule.case == "fold" else character
        first, kept, size = len(folded), len(shown.encode()), len(character.encode())
        folded += shown.encode() + bytes([FILLER]) * (size - kept)
        is_space = shown == " " if rule.whitespace == "verbatim" else shown.isspace()
        if (shown.isalnum() or shown == "_") and not is_lone(shown):
            if run_ends == first:
                tokens[-1] = (tokens[-1][0], len(folded))
            else:
                tokens.append((first, len(folded)))
            run_ends = len(folded)
            odd += [first] * (kept < size)
        elif not is_space:
            tokens.append((first, first + kept))
    return Marked(bytes(folded), tokens, odd)


def is_lone(character: str) -> bool:
    """Whether a word character is of a script without spaces."""
    return any(first <= ord(character) <= last for first, last in oracles.NO_SPACES)


def marked_by(marker: Marker, text: str) -> MarkedText:
    """A text between blank lines, marked."""
    buffer, _, ends = laid_out([text.encode()])
    return marker.mark(buffer, int(ends[-1]) + len(GAP))


def set_places(masks: np.ndarray, blocks: int) -> list[int]:
    """The set bits of masks."""
    return np.flatnonzero(np.unpackbits(masks[:blocks].view(np.uint8), bitorder="little")).tolist()


def as_slow(marked: MarkedText, length: int) -> Marked:
    """A marked text of so many bytes in the form of slow_marked: a token ends at the next mark behind its beginning."""
    begins, marks = set_places(marked.begins, marked.blocks), set_places(marked.marks, marked.blocks)
    assert set(begins) <= set(marks)
    marks.append(marked.blocks * VECTOR)
    ends = [marks[place] for place in np.searchsorted(marks, begins, side="right").tolist()]
    return Marked(
        marked.text[:length].tobytes(), list(zip(begins, ends, strict=True)), marked.odd[: marked.odds].tolist()
    )


@rules
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=100)
@example(["a" * 61 + "\u212a漢", "", "’" * 43 + "İ"])
@example(["\u212a" * 200, "x"])
def test_tokens_and_folded_bytes(rule: MatchRule, texts: list[str]) -> None:
    """Every token where characters put it, every byte as the table folds it; and nothing stays from text to text."""
    marker = Marker(rule)
    for text in texts:
        spaced = f"\n\n{text}\n\n"
        assert as_slow(marked_by(marker, text), len(spaced.encode())) == slow_marked(spaced, rule)


@rules
@pytest.mark.parametrize("character", ["a", "É", "\u212a", "İ", "’", "漢", "😀", "𐐀", "\u3000", "\x85", "\n", "\0"])
def test_characters_at_every_place_of_a_block(rule: MatchRule, character: str) -> None:
    """A character is marked and folded alike wherever it lies, alone and in rows, also over a block's border."""
    marker = Marker(rule)
    for place in range(2 * VECTOR):
        for text in (f"{'x' * place}{character}", f"{'-' * place}{character}y", f"{' ' * place}{character * 3} z"):
            spaced = f"\n\n{text}\n\n"
            assert as_slow(marked_by(marker, text), len(spaced.encode())) == slow_marked(spaced, rule)


def test_what_lies_behind_a_text_is_none_of_it() -> None:
    """Words in the bytes behind the length that is said are not marked."""
    marker = Marker(MatchRule())
    buffer, _, _ = laid_out([b"the cat " * 60])
    for length in (1, 63, 64, 65, 100, 128, 300):
        marked = marker.mark(buffer, length)
        assert all(place < length for place in set_places(marked.begins, marked.blocks))
        assert not marked.marks[marked.blocks : marked.blocks + 2].any()


@given(text=TEXTS)
@settings(max_examples=60)
def test_reading_the_masks(text: str) -> None:
    """Token starts as a list, the token before a place, the next one behind it, and how long it is."""
    marked = marked_by(Marker(MatchRule()), text)
    begins = set_places(marked.begins, marked.blocks)
    marks = set_places(marked.marks, marked.blocks)
    starts = np.zeros(len(begins) + 16, dtype=np.uint32)
    assert token_starts(marked.begins, 0, marked.blocks, starts, 0) == len(begins)
    assert starts[: len(begins)].tolist() == begins
    for place in range(0, marked.blocks * VECTOR, 3):
        assert begin_before(marked.begins, place) == max((one for one in begins if one < place), default=-1)
        expected = min((one for one in begins if one >= place), default=marked.blocks * VECTOR)
        assert next_set(marked.begins, marked.blocks, place) == expected
    for begin in begins:
        length = min(one for one in marks if one > begin) - begin
        assert token_length(marked.mark_bytes, np.uint64(begin)) == min(length, int(LONGEST))


@pytest.mark.parametrize("density", [0, 1, 7, 8, 9, 15, 16, 17, 40, 63, 64])
def test_token_starts_of_any_number(density: int) -> None:
    """However many tokens begin in a block, all are listed, and no more than 16 places behind them are written to."""
    masks = np.array([0, (1 << density) - 1, 0, (1 << density) - 1 << (64 - density)], dtype=np.uint64)
    starts = np.full(5 + 2 * density + 17, 7, dtype=np.uint32)
    assert token_starts(masks, 0, 4, starts, 5) == 5 + 2 * density
    expected = [*range(64, 64 + density), *range(256 - density, 256)]
    assert starts[:5].tolist() == [7] * 5
    assert starts[5 : 5 + 2 * density].tolist() == expected
    assert starts[-1] == 7
