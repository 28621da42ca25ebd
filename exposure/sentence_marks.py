"""Where words and phrases stand in a sentence."""

from __future__ import annotations

import re

from exposure.folding import fold
from exposure.phrases import Phrase

Mark = tuple[int, int]
"""Characters [start, end) of a sentence."""


def word_marks(sentence: str) -> list[Mark]:
    """The words of `sentence.split()`, in order."""
    return [match.span() for match in re.finditer(r"\S+", sentence)]


def phrase_marks(sentence: str, phrase: Phrase) -> list[Mark]:
    """The first place of each part of the phrase, one after the other; empty unless all are there."""
    folded = fold(sentence)  # exactly as long as the sentence
    marks: list[Mark] = []
    for part in phrase.parts:
        body = r"\s+".join(re.escape(word) for word in fold(part).split())
        begin = marks[-1][1] if marks else 0
        # Whole words first; inside a word where there are none, as in scripts without spaces.
        match = re.compile(rf"(?<!\w){body}(?!\w)").search(folded, begin) or re.compile(body).search(folded, begin)
        if match is None:
            return []
        marks.append(match.span())
    return marks
