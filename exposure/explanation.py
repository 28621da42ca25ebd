"""What was extracted from one pair and why, for a person to read."""

from __future__ import annotations

from exposure.extraction import critical_phrases, sentence_of
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase, Side
from exposure.rules import ParadigmRule
from exposure.sentence_marks import Mark, phrase_marks, word_marks
from exposure.tables import printable


def explain(pair: MinimalPair, rule: ParadigmRule | None) -> str:
    """What was extracted from a pair and why: some ten lines for a person to read, without a line break at the end.

    Words are counted from 0, as everywhere. Raises PairsError as `extract` does.
    """
    rows = critical_phrases(pair, rule)
    asked = None if pair.has_explicit_phrase else rule
    lines = [pair.name, f"  rule      {_origin(pair, asked)}"]
    for row in rows:
        lines += _explain_side(pair, row, asked)
    lines.append(f"  flags     {', '.join(dict.fromkeys(flag for row in rows for flag in row.flags)) or 'none'}")
    return "\n".join(map(printable, lines))


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
    sentence = sentence_of(pair, row.side)
    if row.phrase is None:
        return sentence
    marks = phrase_marks(sentence, row.phrase) if rule is None else _ruled(pair, row.side, rule)
    marked = sentence
    for start, end in reversed(marks):
        marked = f"{marked[:start]}[{marked[start:end]}]{marked[end:]}"
    return marked if marks else f"{sentence}   (which does not hold the phrase)"


def _ruled(pair: MinimalPair, side: Side, rule: ParadigmRule) -> list[Mark]:
    """The characters that the rule marked on one side: a run of words, or the two words of a gap pattern."""
    assert rule.spans is not None  # or there would be no phrase
    span = rule.spans(pair.sentence_good.split(), pair.sentence_bad.split())[0 if side == "good" else 1]
    assert span is not None
    words = word_marks(sentence_of(pair, side))
    if rule.gap:
        return [words[span.start], words[span.end - 1]]
    return [(words[span.start][0], words[span.end - 1][1])]
