"""Where a phrase stands in a text: the rule read aloud, place by place and word by word.

Nothing of the project is used. Texts are walked as they are: nothing is made flat, and no expression is compiled from a
phrase. Sentences are counted by white-space separated words, of which each ends one or does not.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import NamedTuple

CLOSING = "\"'”’»)"
STOPS = ".?!"
ABBREVIATIONS = (
    "mr", "mrs", "ms", "dr", "st", "prof", "capt", "col", "gen", "lt", "rev", "hon", "sgt", "jr", "sr", "messrs",
    "mme", "mlle", "esq", "vs", "etc", "vol",
)  # fmt: skip
WITHOUT_SPACES = (
    "CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "THAI", "LAO", "KHMER",
)  # fmt: skip

Found = tuple[int, int]
"""(start, end), half-open characters of the text."""


class Rule(NamedTuple):
    """Fold case, ask for word boundaries, take white space together: each may be switched off."""

    folds: bool = True
    bounds: bool = True
    collapses: bool = True


class Word(NamedTuple):
    """A stretch without white space: where it starts, and the number of its sentence."""

    start: int
    sentence: int


def find(text: str, parts: tuple[str, ...], gap: int, is_anchored: bool, rule: Rule) -> list[Found]:
    """Every match of a phrase: of one part, or (with a gap of W words) of an earlier and a later one."""
    shown = folded(text) if rule.folds else text
    places = [occurrences(shown, part, rule) for part in parts]
    if not gap:
        return [(start, end) for start, end in places[0] if not is_anchored or ends_sentence(shown, end)]
    return pairs(words_of(shown), places[0], places[1], gap)


def folded(text: str) -> str:
    """Each character in lower case when that is one character; İ is i, and typographic apostrophes are plain."""
    return "".join("'" if one in "’ʼ" else "i" if one == "İ" else one.lower() for one in text)


def occurrences(shown: str, part: str, rule: Rule) -> list[Found]:
    """Everywhere that the words of a part stand in a row, at the boundaries that its ends demand."""
    words = (folded(part) if rule.folds else part).split()
    found = []
    for start in range(len(shown)):
        end = end_of(shown, start, words, rule)
        if end is not None and (not rule.bounds or stands_free(shown, start, end)):
            found.append((start, end))
    return found


def end_of(shown: str, start: int, words: list[str], rule: Rule) -> int | None:
    """Where the words end that begin at `start`; None when they do not stand there."""
    place = start
    for number, word in enumerate(words):
        if number:
            space = re.compile(r"\s*").match(shown, place)[0]  # type: ignore[index]
            if not is_one_space(space, rule):
                return None
            place += len(space)
        if not shown.startswith(word, place):
            return None
        place += len(word)
    return place


def is_one_space(space: str, rule: Rule) -> bool:
    """Whether white space counts as the one space of a phrase."""
    return space == " " if not rule.collapses else bool(space) and line_breaks(space) <= 1


def line_breaks(space: str) -> int:
    """How many lines end in a run of white space."""
    return len(f"x{space}x".splitlines()) - 1


def stands_free(shown: str, start: int, end: int) -> bool:
    """Whether no word goes on beyond an edge that is part of a word (in a script that sets words apart)."""
    before = start > 0 and is_word(shown[start - 1])
    after = end < len(shown) and is_word(shown[end])
    return not (before and sets_apart(shown[start])) and not (after and sets_apart(shown[end - 1]))


def is_word(character: str) -> bool:
    """Letters, digits and the low line."""
    return character.isalnum() or character == "_"


def sets_apart(character: str) -> bool:
    """Whether a character is part of words that have spaces between them."""
    return is_word(character) and not unicodedata.name(character, "").startswith(WITHOUT_SPACES)


def ends_sentence(shown: str, place: int) -> bool:
    """Whether a stop, or the end of the text, stands right there."""
    return place == len(shown) or shown[place] in STOPS


def words_of(shown: str) -> list[Word]:
    """The white-space separated words, each with its sentence."""
    words: list[Word] = []
    sentence, end = 0, 0
    for match in re.finditer(r"\S+", shown):
        if words and (closes(shown[words[-1].start : end]) or line_breaks(shown[end : match.start()]) > 1):
            sentence += 1
        words.append(Word(match.start(), sentence))
        end = match.end()
    return words


def closes(word: str) -> bool:
    """Whether a word ends a sentence: stops, then closing quotes; one full stop behind an abbreviation does not."""
    bare = word.rstrip(CLOSING)
    stops = bare[len(bare.rstrip(STOPS)) :]
    letters = "".join(reversed([*takewhile(str.isalpha, reversed(bare.rstrip(STOPS)))]))
    return bool(stops) and not (stops == "." and letters.lower() in ABBREVIATIONS)


def pairs(words: list[Word], earlier: list[Found], later: list[Found], gap: int) -> list[Found]:
    """For each later part the nearest earlier one: the last that starts a word or more before it in its sentence."""
    found = []
    for start, end in later:
        at = number_of(words, start)
        before = [
            (place, number_of(words, place))
            for place, _ in earlier
            if number_of(words, place) < at and words[number_of(words, place)].sentence == words[at].sentence
        ]
        if before and at - max(before)[1] <= gap:
            found.append((max(before)[0], end))
    return found


def number_of(words: list[Word], place: int) -> int:
    """The number of the word in which a place lies."""
    return max(number for number, word in enumerate(words) if word.start <= place)
