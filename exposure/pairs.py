"""Minimal pairs: two sentences that differ in one contrast, and what their file says of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnePrefix:
    """BLiMP's one-prefix form: after the same words, one word or another (Warstadt et al. 2020, section 4.2)."""

    prefix: str
    word_good: str
    word_bad: str


@dataclass(frozen=True, slots=True)
class TwoPrefix:
    """BLiMP's two-prefix form: the same word after one beginning or another (Warstadt et al. 2020, section 4.2)."""

    prefix_good: str
    prefix_bad: str
    word: str


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two sentences that differ in one grammatical (or factual) contrast.

    The fields from `phrase_good` on come from plain files whose authors name their phrases themselves; `gap` (W, in
    words) and `sentence_end` then hold for both phrases. A word without a side counts in each sentence that holds it.
    A line of a bare phrase list is a pair with two empty sentences and `phrase_good`. `one_prefix` and `two_prefix`
    are there where BLiMP's file has them; they say nothing about phrases.
    """

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
    gap: int = 0
    sentence_end: bool = False
    one_prefix: OnePrefix | None = None
    two_prefix: TwoPrefix | None = None

    @property
    def name(self) -> str:
        """UID/PAIR, as commands and messages call a pair."""
        return f"{self.uid}/{self.pair_id}"

    @property
    def is_bare_phrase(self) -> bool:
        """Whether this is a line of a phrase list, with no sentences."""
        return not (self.sentence_good or self.sentence_bad)

    @property
    def has_explicit_phrase(self) -> bool:
        """Whether the file names the phrase of at least one side; rules are not asked then."""
        return self.phrase_good is not None or self.phrase_bad is not None

    @property
    def has_identical_sides(self) -> bool:
        """Whether the two sentences are the same, as in seven pairs of BLiMP: a tie for every model."""
        return self.sentence_good == self.sentence_bad and not self.is_bare_phrase
