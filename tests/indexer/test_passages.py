"""The engine that runs a matcher of passages over blocks."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exposure.phrases import MatchRule, Phrase
from indexer.blocks import DocumentBlock, laid_out
from indexer.matchers.aho_corasick import AhoCorasickMatcher
from indexer.matchers.passages import PassageEngine
from indexer.rows import whole_documents

PHRASES = [Phrase("a"), Phrase("é b"), Phrase("漢 a"), Phrase("a a")]
MATCHER = AhoCorasickMatcher(PHRASES, MatchRule())


@given(texts=st.lists(st.text("aé漢😀b  ", max_size=40), max_size=4))
def test_hits_are_the_matches_of_each_passage(texts: list[str]) -> None:
    """Each match of each passage alone is a hit, at the byte of the buffer where it starts."""
    block = whole_documents(DocumentBlock(*laid_out([text.encode() for text in texts]), 5, str), 0)
    hits = PassageEngine(MATCHER).find(block)
    assert (hits.phrase.dtype, hits.passage.dtype, hits.start.dtype) == (np.int32, np.int32, np.int64)
    found = sorted(zip(hits.phrase.tolist(), hits.passage.tolist(), hits.start.tolist(), strict=True))
    assert found == sorted(
        (phrase, passage, int(block.start[passage]) + len(text[:start].encode()))
        for passage, text in enumerate(texts)
        for phrase, start, _ in MATCHER.find(text)
    )


def test_bytes_that_are_no_text() -> None:
    """A block of a changed file may be no UTF-8: hits lie inside it all the same, and where they are."""
    block = whole_documents(DocumentBlock(*laid_out([b"\xff\xc3 a \x80\x80 a"]), 0, str), 0)
    assert (PassageEngine(MATCHER).find(block).start - block.start[0]).tolist() == [3, 8]
    empty = dataclasses.replace(block, start=block.start[:0], end=block.end[:0])
    assert len(PassageEngine(MATCHER).find(empty).phrase) == 0
