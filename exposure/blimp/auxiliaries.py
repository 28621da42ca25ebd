"""The auxiliaries that BLiMP uses, positive and contracted."""

from __future__ import annotations

from exposure.rules import clean

AUXILIARIES = frozenset({
    "is", "are", "was", "were", "has", "have", "had", "do", "does", "did",
    "can", "could", "may", "might", "must", "shall", "should", "will", "would",
    "isn't", "aren't", "wasn't", "weren't", "hasn't", "haven't", "hadn't", "don't", "doesn't", "didn't",
    "can't", "couldn't", "mightn't", "mustn't", "shouldn't", "won't", "wouldn't",
})  # fmt: skip


def is_auxiliary(word: str) -> bool:
    """Whether `word` has the form of an auxiliary; "had" may still be the main verb ("the dancers had a car")."""
    return clean(word) in AUXILIARIES
