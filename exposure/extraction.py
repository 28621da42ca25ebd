"""From pairs to critical phrases: what a file names itself comes first, then the rule of the paradigm."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from exposure.errors import PairsError
from exposure.folding import fold
from exposure.pairs import MinimalPair, holds
from exposure.phrases import CriticalPhrase, Phrase, Side
from exposure.rules import ParadigmRule, apply_rule, clean

Mark = tuple[int, int]
"""Characters [start, end) of a sentence."""

REPORT_COLUMNS = (
    "uid",
    "phenomenon",
    "class",
    "pairs",
    "distinct_phrases",
    "identical_sides",
    "pairs_without_phrase",
    "not_in_sentence",
    "median_words",
    "flags",
)

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
    uids = _distinct(pair.uid for pair in orphans)
    shown = ", ".join(uids[:5]) + (f" and {len(uids) - 5} more" if len(uids) > 5 else "")
    return PairsError(
        f"No rule says what the critical phrase of {shown} is (first met in the pair {orphans[0].name}). Name the "
        "phrases in the file (columns phrase_good and phrase_bad), or write a rule for the paradigm and give it with "
        "--rules FILE (docs/rules.md)."
    )


def report(pairs: Iterable[MinimalPair], rows: Iterable[CriticalPhrase]) -> list[dict[str, object]]:
    """One dictionary (keys REPORT_COLUMNS) for each paradigm, in the order of `pairs`; `rows` come from `extract`.

    `median_words` is over the distinct phrases, words being what white space separates (2 for a gap pattern).
    """
    pairs_of: dict[str, list[MinimalPair]] = {}
    rows_of: dict[str, list[CriticalPhrase]] = {}
    for pair in pairs:
        pairs_of.setdefault(pair.uid, []).append(pair)
    for row in rows:
        rows_of.setdefault(row.uid, []).append(row)
    return [_summary(uid, its_pairs, rows_of.get(uid, [])) for uid, its_pairs in pairs_of.items()]


def _summary(uid: str, pairs: Sequence[MinimalPair], rows: Sequence[CriticalPhrase]) -> dict[str, object]:
    phrases = {row.phrase for row in rows if row.phrase is not None}
    lengths = [sum(len(part.split()) for part in phrase.parts) for phrase in phrases]
    return {
        "uid": uid,
        "phenomenon": " ".join(_distinct(pair.phenomenon for pair in pairs)) or None,
        "class": " ".join(_distinct(row.phrase_class for row in rows)) or None,
        "pairs": len(pairs),
        "distinct_phrases": len(phrases),
        "identical_sides": sum(pair.has_identical_sides for pair in pairs),
        "pairs_without_phrase": len(pairs) - len({row.pair_id for row in rows if row.phrase is not None}),
        "not_in_sentence": sum(NOT_IN_SENTENCE in row.flags for row in rows),
        "median_words": median(lengths) if lengths else None,
        "flags": _distinct(flag for row in rows for flag in row.flags),
    }


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value is not None))


def _explicit(pair: MinimalPair, side: Side) -> CriticalPhrase:
    text = pair.phrase_good if side == "good" else pair.phrase_bad
    if text is None:
        reason = "the file names no phrase for this side"
        return CriticalPhrase(pair.uid, pair.pair_id, side, None, reason=reason, phenomenon=pair.phenomenon)
    phrase = Phrase(text, pair.gap, pair.sentence_end)
    critical, context = _explicit_words(pair, side)
    sentence = _sentence(pair, side)
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


def _sentence(pair: MinimalPair, side: Side) -> str:
    return pair.sentence_good if side == "good" else pair.sentence_bad


def _explicit_words(pair: MinimalPair, side: Side) -> tuple[str | None, str | None]:
    """(critical, context): the side's own word, else the shared one where this sentence holds it."""
    is_good = side == "good"
    sentence = _sentence(pair, side)

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
    spans = _word_spans(sentence)
    places = [i for i, (start, end) in enumerate(spans) if fold(clean(sentence[start:end])) == fold(clean(word))]
    if len(places) > 1:
        marks = _found(sentence, phrase)
        places = [i for i in places if any(start < spans[i][1] and spans[i][0] < end for start, end in marks)]
    return places[0] if len(places) == 1 else None


def _word_spans(sentence: str) -> list[Mark]:
    return [match.span() for match in re.finditer(r"\S+", sentence)]


def _found(sentence: str, phrase: Phrase) -> list[Mark]:
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


def _explicit_flags(pair: MinimalPair, side: Side, phrase: Phrase) -> tuple[str, ...]:
    from exposure.blimp.flags import SIDES_IDENTICAL

    flags: list[str] = []
    if pair.phrase_good and pair.phrase_bad and fold(pair.phrase_good) == fold(pair.phrase_bad):
        flags.append(SIDES_IDENTICAL)
    if not pair.is_bare_phrase and not _found(_sentence(pair, side), phrase):
        flags.append(NOT_IN_SENTENCE)
    return tuple(flags)


def explain(pair: MinimalPair, rule: ParadigmRule | None) -> str:
    """What was extracted from a pair and why: some ten lines for a person to read, without a line break at the end.

    Words are counted from 0, as everywhere. Raises PairsError as `extract` does.
    """
    rows = critical_phrases(pair, rule)
    asked = None if pair.has_explicit_phrase else rule
    lines = [pair.name, f"  rule      {_origin(pair, asked)}"]
    for row in rows:
        lines += _explain_side(pair, row, asked)
    lines.append(f"  flags     {', '.join(_distinct(flag for row in rows for flag in row.flags)) or 'none'}")
    return "\n".join(map(_printable, lines))


def _origin(pair: MinimalPair, rule: ParadigmRule | None) -> str:
    if rule is not None:
        return f"class {rule.phrase_class or 'not given'}: {rule.summary}"
    return "none: a line of a phrase list" if pair.is_bare_phrase else "none: the file names its phrases itself"


def _explain_side(pair: MinimalPair, row: CriticalPhrase, rule: ParadigmRule | None) -> list[str]:
    lines = [] if pair.is_bare_phrase else [f"  {row.side:<8}  {_marked(pair, row, rule)}"]
    if row.phrase is None:
        return [*lines, f"            no phrase: {row.reason or 'no reason is given'}"]
    lines.append(f"            phrase    {row.phrase.text!r}{_constraint(row.phrase)}")
    for label, word, index in (
        ("critical", row.critical_word, row.critical_index),
        ("context", row.context_word, row.context_index),
    ):
        place = "its place is not certain" if index is None else f"word {index}"
        lines.append(f"            {label:<8}  " + ("none" if word is None else f"{word!r}, {place}"))
    return lines


def _constraint(phrase: Phrase) -> str:
    if phrase.gap:
        return f", the words 1 to {phrase.gap} words apart in one sentence"
    return ", then a sentence end" if phrase.sentence_end else ""


def _marked(pair: MinimalPair, row: CriticalPhrase, rule: ParadigmRule | None) -> str:
    """The sentence with what the phrase covers in [brackets]."""
    sentence = _sentence(pair, row.side)
    if row.phrase is None:
        return sentence
    marks = _found(sentence, row.phrase) if rule is None else _ruled(pair, row.side, rule)
    marked = sentence
    for start, end in reversed(marks):
        marked = f"{marked[:start]}[{marked[start:end]}]{marked[end:]}"
    return marked if marks else f"{sentence}   (which does not hold the phrase)"


def _ruled(pair: MinimalPair, side: Side, rule: ParadigmRule) -> list[Mark]:
    """The characters that the rule marked on one side: a run of words, or the two words of a gap pattern."""
    assert rule.spans is not None  # or there would be no phrase
    span = rule.spans(pair.sentence_good.split(), pair.sentence_bad.split())[0 if side == "good" else 1]
    assert span is not None
    words = _word_spans(_sentence(pair, side))
    if rule.gap:
        return [words[span.start], words[span.end - 1]]
    return [(words[span.start][0], words[span.end - 1][1])]


def _printable(text: str) -> str:
    """Control and formatting characters escaped, so that no file can move the cursor of a terminal."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") else ascii(c)[1:-1] for c in text)
