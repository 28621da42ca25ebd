"""The engines that find phrases, and which of them a scan uses. All give the same matches (docs/matching.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

from exposure.errors import UsageError
from exposure.phrases import MatchRule, Phrase
from indexer.blocks import Hits, TextBlock
from indexer.matchers.aho_corasick import AhoCorasickMatcher
from indexer.matchers.passages import PassageEngine
from indexer.matchers.phrase_keys import Normalise
from indexer.matchers.words import WordMatcher

Engine = Literal["auto", "words", "aho-corasick"]


class Matcher(Protocol):
    """Finds phrases in blocks of text; threads may share it."""

    def find(self, block: TextBlock) -> Hits:
        """Every match in a block."""


def engine_for(rule: MatchRule, asked: Engine = "auto") -> Engine:
    """What was asked for, or else words wherever it can be; raises UsageError where it was asked for and cannot."""
    if asked == "words" and rule.boundary != "word":
        raise UsageError(
            "The engine `words` finds whole words only. Use the engine aho-corasick with the boundary none, or "
            "leave the engine out."
        )
    if asked != "auto":
        return asked
    return "words" if rule.boundary == "word" else "aho-corasick"


def matcher(engine: Engine, phrases: Iterable[Phrase], rule: MatchRule, normalise: Normalise = str) -> Matcher:
    """The matcher of a list of phrases; a phrase's number is its place in the list."""
    if engine_for(rule, engine) == "words":
        return WordMatcher(phrases, rule, normalise)
    return PassageEngine(AhoCorasickMatcher(phrases, rule, normalise))
