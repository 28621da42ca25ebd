"""From pairs to critical phrases: what a file names itself comes first, then the rule of the paradigm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exposure.errors import PairsError
from exposure.folding import fold
from exposure.pair_rows import holds
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase, Side
from exposure.rules import ParadigmRule, apply_rule, clean
from exposure.sentence_marks import phrase_marks, word_marks

NOT_IN_SENTENCE = "phrase_not_in_sentence"
"""Flag of an explicit phrase that its own sentence does not hold: perhaps meant so, perhaps a slip."""


def extract(pairs: Iterable[MinimalPair], rules: Mapping[str, ParadigmRule]) -> list[CriticalPhrase]:
    """The critical phrases of all pairs, good before bad, in the order of the pairs; one row for a bare phrase.

    Raises PairsError when a paradigm has neither explicit phrases nor a rule, or when a rule does not fit a pair.
    """
    pairs = list(pairs)
    orphans = [pair for pair in pairs if not pair.has_explicit_phrase and pair.uid not in rules]
    if orphans:
        raise _no_rule(orphans)
    return [row for pair in pairs for row in critical_phrases(pair, rules.get(pair.uid))]


def critical_phrases(pair: MinimalPair, rule: ParadigmRule | None) -> tuple[CriticalPhrase, ...]:
    """(good, bad) of one pair, or (good,) of a bare phrase; `rule` is asked only where the pair names no phrase."""
    if pair.is_bare_phrase:
        return (_explicit(pair, "good"),)
    if pair.has_explicit_phrase:
        return (_explicit(pair, "good"), _explicit(pair, "bad"))
    if rule is None:
        raise _no_rule([pair])
    return apply_rule(rule, pair)


def _no_rule(orphans: Sequence[MinimalPair]) -> PairsError:
    uids = list(dict.fromkeys(pair.uid for pair in orphans))
    shown = ", ".join(uids[:5]) + (f" and {len(uids) - 5} more" if len(uids) > 5 else "")
    return PairsError(
        f"No rule says what the critical phrase of {shown} is (first met in the pair {orphans[0].name}). Name the "
        "phrases in the file (columns phrase_good and phrase_bad), or write a rule for the paradigm and give it with "
        "--rules FILE (docs/rules.md)."
    )


def _explicit(pair: MinimalPair, side: Side) -> CriticalPhrase:
    text = pair.phrase_good if side == "good" else pair.phrase_bad
    if text is None:
        reason = "the file names no phrase for this side"
        return CriticalPhrase(pair.uid, pair.pair_id, side, None, reason=reason, phenomenon=pair.phenomenon)
    phrase = Phrase(text, pair.gap, pair.sentence_end)
    critical, context = _explicit_words(pair, side)
    sentence = sentence_of(pair, side)
    return CriticalPhrase(
        uid=pair.uid,
        pair_id=pair.pair_id,
        side=side,
        phrase=phrase,
        critical_word=critical,
        context_word=context,
        critical_index=_index(critical, sentence, phrase),
        context_index=_index(context, sentence, phrase),
        flags=_explicit_flags(pair, side, phrase),
        phenomenon=pair.phenomenon,
    )


def sentence_of(pair: MinimalPair, side: Side) -> str:
    """The sentence of one side."""
    return pair.sentence_good if side == "good" else pair.sentence_bad


def _explicit_words(pair: MinimalPair, side: Side) -> tuple[str | None, str | None]:
    """(critical, context): the side's own word, else the shared one where this sentence holds it."""
    is_good = side == "good"
    sentence = sentence_of(pair, side)

    def choose(own: str | None, shared: str | None) -> str | None:
        return own if own is not None or shared is None or not holds(sentence, shared) else shared

    return (
        choose(pair.critical_word_good if is_good else pair.critical_word_bad, pair.critical_word),
        choose(pair.context_word_good if is_good else pair.context_word_bad, pair.context_word),
    )


def _index(word: str | None, sentence: str, phrase: Phrase) -> int | None:
    """The word's place in `sentence.split()`, if that is certain: its only one there, or its only one in the phrase."""
    if word is None:
        return None
    spans = word_marks(sentence)
    places = [i for i, (start, end) in enumerate(spans) if fold(clean(sentence[start:end])) == fold(clean(word))]
    if len(places) > 1:
        marks = phrase_marks(sentence, phrase)
        places = [i for i in places if any(start < spans[i][1] and spans[i][0] < end for start, end in marks)]
    return places[0] if len(places) == 1 else None


def _explicit_flags(pair: MinimalPair, side: Side, phrase: Phrase) -> tuple[str, ...]:
    from exposure.blimp.flags import SIDES_IDENTICAL

    flags: list[str] = []
    if pair.phrase_good and pair.phrase_bad and fold(pair.phrase_good) == fold(pair.phrase_bad):
        flags.append(SIDES_IDENTICAL)
    if not pair.is_bare_phrase and not phrase_marks(sentence_of(pair, side), phrase):
        flags.append(NOT_IN_SENTENCE)
    return tuple(flags)
