"""A minimal pair as files and requests hold it: a row of docs/pairs.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PairRow:
    """One row of a file of pairs; null is a column that is not there. Sent back, it makes the same pair again."""

    uid: str
    pair_id: str
    sentence_good: str
    sentence_bad: str
    field: str | None = None
    phenomenon: str | None = None
    phrase_good: str | None = None
    phrase_bad: str | None = None
    critical_word: str | None = None
    context_word: str | None = None
    critical_word_good: str | None = None
    critical_word_bad: str | None = None
    context_word_good: str | None = None
    context_word_bad: str | None = None
    gap: int | None = None
    anchor: str | None = None
    one_prefix_prefix: str | None = None
    one_prefix_word_good: str | None = None
    one_prefix_word_bad: str | None = None
    two_prefix_prefix_good: str | None = None
    two_prefix_prefix_bad: str | None = None
    two_prefix_word: str | None = None
