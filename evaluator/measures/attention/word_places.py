"""Of every pair: from which token attention is read (the later word) to which (the earlier one), and the controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.measures.attention.control_positions import SINK, nearby_keys, shift_of
from evaluator.measures.attention.word_spans import TokenisedSentence, TokenSpan, word_spans
from evaluator.scored import Flags, Integers
from exposure.phrases import CriticalPhrase

UNKNOWN = -1
"""A token that there is none of."""


@dataclass(frozen=True)
class WordPlaces:
    """Places in the sequence that is fed, 0-based, the prefix token among them; UNKNOWN where there is none.

    `source` is the last token of the later of the critical and the context word, `target` the tokens of the earlier.
    """

    source: Integers  # [pair]
    target_start: Integers  # [pair]
    target_end: Integers  # [pair] exclusive
    nearby_start: Integers  # [pair] control: keys of the same query, as many as the target has
    shifted_source: Integers  # [pair] control: the query that is as far from its keys
    shifted_start: Integers  # [pair] its keys
    is_critical_later: Flags  # [pair] False where unknown
    reason: tuple[str, ...]  # [pair] why it is unknown; "" where it is known

    def __len__(self) -> int:
        return len(self.source)

    @property
    def is_known(self) -> Flags:
        """[pair] Whether both words were found, so that there is a weight."""
        return np.asarray(self.source != UNKNOWN)

    @property
    def has_shifted(self) -> Flags:
        """[pair] Whether there is an equally distant query and key."""
        return np.asarray(self.shifted_source != UNKNOWN)

    @property
    def is_at_sink(self) -> Flags:
        """[pair] Whether the target holds the first token of the sequence, the attention sink (only without BOS)."""
        return np.asarray(self.is_known & (self.target_start <= SINK.start))

    @property
    def target_tokens(self) -> Integers:
        """[pair] Tokens of the target; 0 where unknown."""
        return self.target_end - self.target_start

    @property
    def distance(self) -> Integers:
        """[pair] Tokens from the target's last one to the source; 0 where unknown."""
        return np.where(self.is_known, self.source - self.target_end + 1, 0)

    def take(self, places: Integers) -> WordPlaces:
        """The pairs at `places`, in that order."""
        return WordPlaces(
            source=self.source[places],
            target_start=self.target_start[places],
            target_end=self.target_end[places],
            nearby_start=self.nearby_start[places],
            shifted_source=self.shifted_source[places],
            shifted_start=self.shifted_start[places],
            is_critical_later=self.is_critical_later[places],
            reason=tuple(self.reason[place] for place in places.tolist()),
        )


_Row = tuple[int, int, int, int, int, int, bool, str]


def word_places(
    texts: Sequence[TokenisedSentence], words: Sequence[CriticalPhrase], is_last_fed: bool = True
) -> WordPlaces:
    """The places of one side of all pairs: `texts` [pair] as they are tokenised, `words` [pair] of the same side.

    Where the last token of a sequence is not fed (rows packed for scoring: nothing follows it), `is_last_fed` is False
    and it is no query. Raises EvaluationError where a sentence and its offsets do not belong together.
    """
    rows = [_row(text, one, text.n_tokens - (not is_last_fed)) for text, one in zip(texts, words, strict=True)]
    *columns, is_later, reason = zip(*rows, strict=True) if rows else ((),) * 8
    source, start, end, nearby, shifted, shifted_start = (np.array(column, dtype=np.int64) for column in columns)
    is_critical_later = np.array(is_later, dtype=np.bool_)
    return WordPlaces(source, start, end, nearby, shifted, shifted_start, is_critical_later, tuple(map(str, reason)))


def _row(text: TokenisedSentence, words: CriticalPhrase, n_queries: int) -> _Row:
    critical, context = word_spans(text, words)
    reason = _unknown(words, critical, context, n_queries)
    if critical is None or context is None or reason:
        return (*(UNKNOWN,) * 6, False, reason)
    is_critical_later = critical.start > context.start
    source, target = (critical, context) if is_critical_later else (context, critical)
    nearby, shift = nearby_keys(source, target), shift_of(source, target, n_queries)
    return (
        source.end - 1,
        target.start,
        target.end,
        UNKNOWN if nearby is None else nearby.start,
        UNKNOWN if shift is None else source.end - 1 + shift,
        UNKNOWN if shift is None else target.start + shift,
        is_critical_later,
        "",
    )


def _unknown(words: CriticalPhrase, critical: TokenSpan | None, context: TokenSpan | None, n_queries: int) -> str:
    """Why nothing can be read; "" where it can."""
    for name, word, span in (("critical", words.critical_word, critical), ("context", words.context_word, context)):
        if word is None:
            return f"no {name} word is named"
        if span is None:
            return f"the {name} word is not found for certain, or shares a token with another word"
    assert critical is not None
    assert context is not None
    if critical.meets(context):
        return "the two words share a token"
    return (
        "the later word ends with the last token, which is not fed"
        if max(critical.end, context.end) > n_queries
        else ""
    )
