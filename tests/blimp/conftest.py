"""What the tests of the paradigms share: one pair in, marks out; and the real files, where they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exposure.blimp import PARADIGMS
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase
from exposure.rules import ParadigmRule, apply_rule

Marks = tuple[str | None, str | None, int | None, str | None, int | None]
"""Phrase, critical word and its index, context word and its index."""
Mark = Callable[..., tuple[Marks, Marks]]
Facts = tuple[str | None, int, bool, tuple[str, ...]]
"""Class, gap, sentence end, flags."""


@pytest.fixture
def mark() -> Mark:
    """Apply the rule of a paradigm to one pair; the answer is (good, bad)."""

    def run(uid: str, good: str, bad: str, rules: Mapping[str, ParadigmRule] = PARADIGMS) -> tuple[Marks, Marks]:
        on_good, on_bad = apply_rule(rules[uid], MinimalPair(uid, "0", good, bad))
        return _marks(on_good), _marks(on_bad)

    return run


def _marks(found: CriticalPhrase) -> Marks:
    text = None if found.phrase is None else found.phrase.text
    return text, found.critical_word, found.critical_index, found.context_word, found.context_index


@pytest.fixture
def facts() -> Callable[[str], Facts]:
    """What the rule of a paradigm says about all its phrases."""

    def of(uid: str) -> Facts:
        rule = PARADIGMS[uid]
        return rule.phrase_class, rule.gap, rule.sentence_end, rule.flags

    return of


@pytest.fixture(scope="session")
def real_pairs() -> dict[str, list[MinimalPair]]:
    """The 67 files of BLiMP by UID; skips where they are not beside the repository."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "blimp"
    if not folder.is_dir():
        pytest.skip("the files of BLiMP are not beside the repository (../shared/data/blimp)")
    return {
        file.stem: [_pair(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
        for file in sorted(folder.glob("*.jsonl"))
    }


def _pair(row: Mapping[str, str]) -> MinimalPair:
    return MinimalPair(
        uid=row["UID"],
        pair_id=row["pairID"],
        sentence_good=row["sentence_good"],
        sentence_bad=row["sentence_bad"],
        field=row["field"],
        phenomenon=row["linguistics_term"],
    )
