"""How a paradigm's rule marks the critical phrase in both sentences of a pair.

A rule is a small function over the words of both sides that answers with a `Span` for each. Everything that all
paradigms share (lower-casing, stripping punctuation, gap patterns, anchors) is done here, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exposure.errors import PairsError
from exposure.pairs import MinimalPair
from exposure.phrases import GAP, CriticalPhrase, Phrase, PhraseClass, Side

Words = list[str]
"""`sentence.split()`: case and punctuation untouched."""

CLOSING_PUNCTUATION = ".,;:?!\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Span:
    """Words [start, end) of one sentence, and which of them are critical and context (indices into the sentence)."""

    start: int
    end: int
    critical: int | None = None
    context: int | None = None

    def __post_init__(self) -> None:
        """Refuse a span that is empty, or whose words lie outside it: the sentence is not of the rule's shape."""
        marked = [index for index in (self.critical, self.context) if index is not None]
        if not 0 <= self.start < self.end or not all(self.start <= index < self.end for index in marked):
            raise ValueError("its words are not in the expected order")


Spans = tuple[Span | None, Span | None]


@dataclass(frozen=True)
class ParadigmRule:
    """What the critical phrase of a paradigm is.

    `spans(good, bad)` marks both sides; it may raise `ValueError` with a sentence when a pair is not of the expected
    shape. `gap` W > 0 turns the span into the pattern "first word … last word". `sentence_end` anchors it. A rule with
    a `reason` and no `spans` says why there is no phrase (class E).
    """

    uid: str
    phrase_class: PhraseClass | None
    summary: str
    spans: Callable[[Words, Words], Spans] | None = None
    gap: int = 0
    sentence_end: bool = False
    flags: tuple[str, ...] = ()
    reason: str | None = None


def clean(word: str) -> str:
    """A word as phrases hold it: lower-case, without trailing punctuation."""
    return word.rstrip(CLOSING_PUNCTUATION).lower()


def apply_rule(rule: ParadigmRule, pair: MinimalPair) -> tuple[CriticalPhrase, CriticalPhrase]:
    """The critical phrases of both sides (good, bad) of `pair`; raises PairsError naming a pair that does not fit."""
    good, bad = pair.sentence_good.split(), pair.sentence_bad.split()
    spans: Spans = (None, None)
    if rule.spans is not None:
        try:
            spans = rule.spans(good, bad)
            _check(rule, good, spans[0])
            _check(rule, bad, spans[1])
        except (ValueError, IndexError) as error:
            raise PairsError(
                f"{pair.uid}/{pair.pair_id}: the rule ({rule.summary}) does not fit "
                f"{pair.sentence_good!r} / {pair.sentence_bad!r}: {error}"
            ) from error
    return (
        _critical_phrase(rule, pair, "good", good, spans[0]),
        _critical_phrase(rule, pair, "bad", bad, spans[1]),
    )


def _check(rule: ParadigmRule, words: Words, span: Span | None) -> None:
    """A span ends within its sentence, and a gap pattern matches the very sentence that it comes from."""
    if span is None:
        return
    if span.end > len(words):
        raise ValueError(f"a word is missing after {words[-1]!r}")
    if rule.gap and not 1 <= span.end - 1 - span.start <= rule.gap:
        raise ValueError(f"the two words of the gap pattern are not 1 to {rule.gap} words apart")


def _critical_phrase(
    rule: ParadigmRule, pair: MinimalPair, side: Side, words: Words, span: Span | None
) -> CriticalPhrase:
    def word(index: int | None) -> str | None:
        return None if index is None else clean(words[index])

    return CriticalPhrase(
        uid=pair.uid,
        pair_id=pair.pair_id,
        side=side,
        phrase=None if span is None else _phrase(rule, words, span),
        critical_word=None if span is None else word(span.critical),
        context_word=None if span is None else word(span.context),
        critical_index=None if span is None else span.critical,
        context_index=None if span is None else span.context,
        phrase_class=rule.phrase_class,
        flags=rule.flags,
        reason=rule.reason if span is None else None,
        phenomenon=pair.phenomenon,
    )


def _phrase(rule: ParadigmRule, words: Words, span: Span) -> Phrase:
    if rule.gap:
        return Phrase(f"{clean(words[span.start])}{GAP}{clean(words[span.end - 1])}", gap=rule.gap)
    text = " ".join(words[span.start : span.end])
    return Phrase(clean(text), sentence_end=rule.sentence_end)
