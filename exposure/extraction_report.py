"""What was extracted from a set of pairs, one line a paradigm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from exposure.extraction import NOT_IN_SENTENCE
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase

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
