"""Where the critical and the context word stand in a sentence: in characters, then in tokens. Unknown, never guessed.

A word's characters come from its index in `sentence.split()`, where the phrase file has one, else from its only
occurrence; its tokens are those whose characters meet the word's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from evaluator.scored import Integers
from exposure.errors import EvaluationError
from exposure.folding import fold
from exposure.phrases import CriticalPhrase, Phrase
from exposure.rules import CLOSING_PUNCTUATION
from exposure.sentence_marks import Mark, phrase_marks, word_marks

_OTHER_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """Tokens [start, end) of one sequence, 0-based; the prefix token counts."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, token: int) -> bool:
        return self.start <= token < self.end

    def meets(self, other: TokenSpan) -> bool:
        """Whether they share a token."""
        return self.start < other.end and other.start < self.end

    def moved(self, by: int) -> TokenSpan:
        """The same number of tokens, `by` tokens later."""
        return TokenSpan(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class TokenisedSentence:
    """A sentence with the characters of its tokens, as they are fed: `prefix_tokens` tokens stand before it."""

    sentence: str
    offsets: Integers  # [token, 2] characters [start, end) of `lead` + sentence; no row for the prefix
    prefix_tokens: int = 1
    lead: str = ""
    """What was put before the sentence, and tokenised with it: " " in the convention lm-eval."""

    @property
    def n_tokens(self) -> int:
        """Tokens fed, the prefix among them."""
        return self.prefix_tokens + len(self.offsets)


def tokenised_sentences(
    tokenizer: Tokenizer, sentences: Sequence[str], prefix_tokens: int = 1, lead: str = ""
) -> list[TokenisedSentence]:
    """The sentences with the offsets that a tokenizers.Tokenizer gives for `lead` + sentence, without special tokens.

    The tokens are those of evaluator.text_tokenizer, whose `file` this is.
    """
    encoded = tokenizer.encode_batch([lead + one for one in sentences], add_special_tokens=False)
    return [
        TokenisedSentence(sentence, np.array(one.offsets, dtype=np.int64).reshape(-1, 2), prefix_tokens, lead)
        for sentence, one in zip(sentences, encoded, strict=True)
    ]


def word_mark(sentence: str, word: str | None, index: int | None, phrase: Phrase | None) -> Mark | None:
    """Characters [start, end) of `word`, without the punctuation that closes it; None where that is not certain.

    `index` counts the words of `sentence.split()`: the word must stand there. Without an index it is the only place
    that holds it as whole words, or the only such place within the phrase.
    """
    wanted = fold(word or "").rstrip(CLOSING_PUNCTUATION)
    if not wanted:
        return None
    marks = _occurrences(sentence, wanted) if index is None else _at_index(sentence, wanted, index)
    if len(marks) > 1 and phrase is not None:
        within = phrase_marks(sentence, phrase)
        marks = [mark for mark in marks if any(start <= mark[0] and mark[1] <= end for start, end in within)]
    return marks[0] if len(marks) == 1 else None


def _at_index(sentence: str, wanted: str, index: int) -> list[Mark]:
    marks = word_marks(sentence)
    if not 0 <= index < len(marks):
        return []
    start, end = marks[index]
    found = fold(sentence[start:end]).rstrip(CLOSING_PUNCTUATION)
    return [(start, start + len(wanted))] if found == wanted else []


def _occurrences(sentence: str, wanted: str) -> list[Mark]:
    body = r"\s+".join(re.escape(part) for part in wanted.split())
    return [match.span() for match in re.finditer(rf"(?<!\w){body}(?!\w)", fold(sentence))]


def token_span(text: TokenisedSentence, mark: Mark) -> TokenSpan | None:
    """The tokens that hold the characters `mark` of the sentence, as places in the sequence that is fed.

    White space and punctuation may share a token with the word. None where a token holds part of another word too, or
    where some character of the word is in no token.
    """
    start, end = (place + len(text.lead) for place in mark)
    starts, ends = text.offsets[:, 0], text.offsets[:, 1]
    tokens = np.flatnonzero((starts < end) & (start < ends))
    if not len(tokens) or not _covers(text.offsets[tokens], start, end):
        return None
    whole = text.lead + text.sentence
    first, last = int(starts[tokens].min()), int(ends[tokens].max())
    if _OTHER_WORD.search(whole[first:start]) or _OTHER_WORD.search(whole[end:last]):
        return None
    return TokenSpan(text.prefix_tokens + int(tokens[0]), text.prefix_tokens + int(tokens[-1]) + 1)


def _covers(offsets: Integers, start: int, end: int) -> bool:
    """Whether [start, end) is within the union of offsets [token, 2]."""
    is_held = np.zeros(end - start, dtype=bool)
    for first, last in offsets.tolist():
        is_held[max(first - start, 0) : max(last - start, 0)] = True
    return bool(is_held.all())


def word_spans(text: TokenisedSentence, words: CriticalPhrase) -> tuple[TokenSpan | None, TokenSpan | None]:
    """(critical, context) tokens of one side of a pair; None for a word that is not named or not found for certain.

    Raises EvaluationError where offsets lie outside the text: they are of another one.
    """
    length = len(text.lead) + len(text.sentence)
    if len(text.offsets) and int(text.offsets.max()) > length:
        raise EvaluationError(
            f"{words.uid}/{words.pair_id}: a token ends at character {int(text.offsets.max())} of a text of {length}. "
            "Give the offsets of this sentence, with the lead that it was tokenised with."
        )
    marks = (
        word_mark(text.sentence, words.critical_word, words.critical_index, words.phrase),
        word_mark(text.sentence, words.context_word, words.context_index, words.phrase),
    )
    critical, context = (None if mark is None else token_span(text, mark) for mark in marks)
    return critical, context
