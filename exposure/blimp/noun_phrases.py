"""The head of a noun phrase.

Compounds and names end in their head: "grocery store", "French teacher", "Winston Churchill", "the Great Lakes",
"Harvard University". So do possessives: "many women's fathers". What follows "of" or "about" is not the head
("a sister of Bill", "books about art"), except in the partitive "a lot of": "a lot of sisters of Bill".
"""

from __future__ import annotations

from exposure.blimp.sides import find
from exposure.blimp.wh_words import RELATIVE_PRONOUNS
from exposure.rules import Words, clean

COMPLEMENT_OPENERS = frozenset(("of", "about"))
PARTITIVE = ["a", "lot", "of"]


def head(words: Words, start: int, end: int) -> int:
    """Index of the head of the noun phrase words[start:end]."""
    noun = start + len(PARTITIVE) if [clean(word) for word in words[start : start + 3]] == PARTITIVE else start
    if noun >= end:
        raise ValueError(f"there is no noun in words {start} to {end}")
    for index in range(noun + 1, end):
        if clean(words[index]) in COMPLEMENT_OPENERS:
            return index - 1
    return end - 1


def head_before_relative_clause(words: Words) -> int:
    """Index of the noun that the sentence's first relative clause describes.

    The search starts at the second word, because the first may be a demonstrative: "that boy that lied".
    """
    return find(words, RELATIVE_PRONOUNS, start=1) - 1
