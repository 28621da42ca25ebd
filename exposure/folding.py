"""Folding: how letters and white space of texts and phrases are made comparable. In words: docs/matching.md."""

from __future__ import annotations

import re
import unicodedata

from exposure.fold_table import RUNS, UNICODE_VERSION
from exposure.phrases import MatchRule

FOLD_TABLE: dict[int, int] = {c: c + delta for start, stop, step, delta in RUNS for c in range(start, stop, step)}
"""Code point → code point, for `str.translate`."""

_RUNTIME_LOWERS_ALIKE = unicodedata.unidata_version == UNICODE_VERSION
_WHITE_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Every code point by the shipped table: same length, simple lower case, typographic apostrophes made plain."""
    if text.isascii():
        return text.lower()
    if _RUNTIME_LOWERS_ALIKE and not ("Σ" in text or "İ" in text):
        # str.lower() is ten times faster than translate(); it differs for these two only (every code point is tested).
        return text.lower().replace("’", "'").replace("ʼ", "'")
    return text.translate(FOLD_TABLE)


def canonical(text: str, rule: MatchRule) -> str:
    """A phrase as it is looked for and looked up: white space runs made one space, ends stripped, case by the rule."""
    collapsed = _WHITE_SPACE.sub(" ", text).strip()
    return fold(collapsed) if rule.case == "fold" else collapsed
