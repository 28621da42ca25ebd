"""At which token of each sentence a hidden state is read: the last word, the last token, or the critical word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from evaluator.measures.attention.word_spans import TokenisedSentence, TokenSpan, token_span, word_spans
from evaluator.measures.concepts.position import Position
from evaluator.sequences import Flags, Integers
from evaluator.tokenised_pairs import NOT_SCORED, SideTokens, TokenisedPairs
from exposure.errors import EvaluationError
from exposure.phrases import CriticalPhrase
from exposure.sentence_marks import Mark, word_marks

ABSENT = -1
"""The place of a token that a sentence does not have."""


@dataclass(frozen=True)
class SideTexts:
    """One side of all pairs as the tokenizer sees it, in the order of the tokenised pairs."""

    texts: Sequence[TokenisedSentence]  # [pair] with the prefix and the lead of the scoring spec; "" for a bare phrase
    words: Sequence[CriticalPhrase] = ()  # [pair] of the same side; only for the position `critical`


@dataclass(frozen=True)
class SentencePositions:
    """One token of each side of each pair, as a place in its sequence: 0-based, the prefix token counted."""

    position: Position
    good: Integers  # [pair] ABSENT where the side has no such token for certain, or is not scored
    bad: Integers  # [pair]

    @property
    def is_there(self) -> Flags:
        """[pair] Whether both sides have it: the pairs that can be measured."""
        return np.asarray((self.good != ABSENT) & (self.bad != ABSENT))

    def tokens(self, tokenised: TokenisedPairs) -> tuple[Integers, Integers]:
        """[measured pair], [measured pair] Places among all tokens of the sequences, of the pairs that are there."""
        here, starts = self.is_there, tokenised.sequences.starts
        return (
            starts[tokenised.good.sequence[here]] + self.good[here],
            starts[tokenised.bad.sequence[here]] + self.bad[here],
        )


def sentence_positions(
    tokenised: TokenisedPairs, good: SideTexts, bad: SideTexts, position: Position
) -> SentencePositions:
    """Where `position` is in both sides of all pairs, tokenised by the method `full`.

    Raises EvaluationError where the texts are not those of the tokenised pairs (another number, order of lengths,
    prefix or lead), where critical phrases are missing, or for another method.
    """
    _check(tokenised, position)
    return SentencePositions(
        position, _places(tokenised, tokenised.good, good, position), _places(tokenised, tokenised.bad, bad, position)
    )


def last_word_mark(sentence: str) -> Mark | None:
    """Characters of the last word of `sentence.split()` that has a letter, a digit or "_", from its first to its last.

    Punctuation around it is left out, and what is inside ("can't") stays. None where no word has any.
    """
    for start, end in reversed(word_marks(sentence)):
        held = [place for place in range(start, end) if sentence[place].isalnum() or sentence[place] == "_"]
        if held:
            return held[0], held[-1] + 1
    return None


def _places(tokenised: TokenisedPairs, side: SideTokens, given: SideTexts, position: Position) -> Integers:
    """[pair]."""
    _check_side(tokenised, side, given, position)
    words = given.words if position == "critical" else (None,) * len(tokenised)
    rows = zip(given.texts, words, side.sequence.tolist(), strict=True)
    found = [ABSENT if sequence == NOT_SCORED else _place(text, position, word) for text, word, sequence in rows]
    return np.array(found, dtype=np.int64)


def _place(text: TokenisedSentence, position: Position, words: CriticalPhrase | None) -> int:
    if position == "last-token":
        return text.n_tokens - 1
    span = _last_word_span(text) if words is None else word_spans(text, words)[0]
    return ABSENT if span is None else span.end - 1


def _last_word_span(text: TokenisedSentence) -> TokenSpan | None:
    mark = last_word_mark(text.sentence)
    return None if mark is None else token_span(text, mark)


def _check(tokenised: TokenisedPairs, position: Position) -> None:
    if position not in get_args(Position):
        raise EvaluationError(f"{position!r} is no position. Known are {', '.join(get_args(Position))}.")
    if tokenised.spec.method != "full":
        raise EvaluationError(
            "Positions in sentences were asked for, and the pairs are tokenised for the method "
            f"{tokenised.spec.method}. Use the method full."
        )


def _check_side(tokenised: TokenisedPairs, side: SideTokens, given: SideTexts, position: Position) -> None:
    if len(given.texts) != len(tokenised):
        raise _mismatch(f"{len(given.texts):,} texts for {len(tokenised):,} pairs")
    if position == "critical" and len(given.words) != len(tokenised):
        raise _mismatch(f"critical phrases of {len(given.words):,} for {len(tokenised):,} pairs")
    is_scored = side.sequence != NOT_SCORED
    fed = np.array([text.n_tokens for text in given.texts], dtype=np.int64)[is_scored]
    differs = np.flatnonzero(fed != tokenised.sequences.lengths[side.sequence[is_scored]])
    if len(differs):
        name = tokenised.names[np.flatnonzero(is_scored)[differs[0]]]
        raise _mismatch(f"of {name} {fed[differs[0]]} tokens, which is scored with another number")


def _mismatch(what: str) -> EvaluationError:
    return EvaluationError(
        f"Positions were asked for with {what}. Give the sentences of the tokenised pairs in their order, by the same "
        "tokenizer, prefix and leading space."
    )
