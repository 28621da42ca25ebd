"""Passages searched by any engine, and by the rule read aloud: the same question asked alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import slow_matches

from exposure.phrases import MatchRule, Phrase
from indexer.blocks import DocumentBlock, Hits, TextBlock, laid_out
from indexer.matchers.engine import Engine, matcher
from indexer.rows import whole_documents

ENGINES: tuple[Engine, ...] = ("words", "aho-corasick")
DEFAULT = MatchRule()
WORD_RULES = tuple(MatchRule(case, "word", space) for case in ("fold", "exact") for space in ("collapse", "verbatim"))
"""The rules that every engine knows."""

Places = list[tuple[int, int, int]]
"""(phrase, passage, byte of the passage where the match starts), sorted."""


def block_of(passages: Sequence[str]) -> TextBlock:
    """Passages in one buffer."""
    return whole_documents(DocumentBlock(*laid_out([one.encode() for one in passages]), 0, str), 0)


def places(hits: Hits, block: TextBlock) -> Places:
    """What an engine answered, in the form in which it is compared."""
    starts = hits.start - block.start[hits.passage]
    return sorted(zip(hits.phrase.tolist(), hits.passage.tolist(), starts.tolist(), strict=True))


def search(
    engine: Engine,
    phrases: Sequence[Phrase],
    passages: Sequence[str],
    rule: MatchRule = DEFAULT,
    normalise: Callable[[str], str] = str,
) -> Places:
    """What a new matcher of one engine finds."""
    block = block_of(passages)
    return places(matcher(engine, phrases, rule, normalise).find(block), block)


def slow_search(phrases: Sequence[Phrase], passages: Sequence[str], rule: MatchRule = DEFAULT) -> Places:
    """What the rule says, place by place."""
    slow = slow_matches.Rule(rule.case == "fold", rule.boundary == "word", rule.whitespace == "collapse")
    return sorted(
        (number, index, len(text[:start].encode()))
        for index, text in enumerate(passages)
        for number, phrase in enumerate(phrases)
        for start, _ in slow_matches.find(text, phrase.parts, phrase.gap, phrase.sentence_end, slow)
    )
