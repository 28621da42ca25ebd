"""The text around the first exposures of a phrase, read back from the shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from exposure.answers import ExposureAnswer
from exposure.census import Census
from exposure.errors import QuestionError
from exposure.orders import DataOrder
from exposure.phrases import Phrase
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.documents import packed_at
from indexer.matchers.aho_corasick import AhoCorasickMatcher
from indexer.tokens import TextTokenizer

WINDOW_CHARACTERS = 4096
"""No match is longer."""


@dataclass(frozen=True, slots=True)
class Context:
    """One exposure in its text: `before`, the match as it stands there, and `after`; all of one document."""

    phrase: str
    step: int
    batch: int
    sequence: int
    token: int | None
    document: str
    offset: int
    document_offset: int
    before: str
    match: str
    after: str
    gap: int | None
    anchor: str | None
    exactness: str


def contexts(
    timeline: Timeline, phrase: str, width: int = 60, run: DataOrder | None = None, census: Path | None = None
) -> list[Context]:
    """The kept exposures of `phrase`, each with `width` characters around it, in order of training.

    `run` replaces the timeline's own manifest where shards were moved. Raises QuestionError when the phrase is not
    indexed, CorpusError when a shard is not what was indexed.
    """
    if not timeline.has_phrase(phrase):
        raise QuestionError(f"{phrase!r} is not indexed in {timeline.path}. Index it, or ask for one that is.")
    order = run or TimelineFolder.open(timeline.path).order
    if order.digest not in (timeline.facts["order_digest"], TimelineFolder.open(timeline.path).order.digest):
        raise QuestionError(
            "The run is not the one that this timeline was indexed from. Give its own manifest with --run."
        )
    counted = Census.open(order, census)
    tokenizer = TextTokenizer.of(order.tokenizer) if order.tokenizer else None
    exposures = timeline.exposures(phrase)
    texts = _texts(counted, exposures, tokenizer)
    find = _Finder(timeline, tokenizer.normalise_phrase if tokenizer else str)
    return [_context(one, texts[one.shard, one.document_index], find, width, timeline.exactness) for one in exposures]


def _texts(
    census: Census, exposures: list[ExposureAnswer], tokenizer: TextTokenizer | None
) -> dict[tuple[int, int], str]:
    """(shard, document) → text, each shard read once."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for one in exposures:
        wanted[one.shard].add(one.document_index)
    return {
        (shard, document.index): document.text
        for shard, indices in wanted.items()
        for document in packed_at(census, shard, sorted(indices), tokenizer)
    }


@dataclass(frozen=True)
class _Finder:
    """Finds where a match that starts at a known place ends."""

    timeline: Timeline
    normalise: Callable[[str], str]

    def end(self, one: ExposureAnswer, text: str) -> int:
        """The end of the match of `one` that starts at its place in `text`."""
        # The row's cut bounded the match, which the document alone does not show: boundaries are not asked for again.
        phrase = Phrase(one.phrase, one.gap or 0, False)
        rule = replace(self.timeline.rule, boundary="none")
        window = text[one.document_offset : one.document_offset + WINDOW_CHARACTERS]
        ends = [end for _, start, end in AhoCorasickMatcher([phrase], rule, self.normalise).find(window) if start == 0]
        if not ends:
            raise QuestionError(
                f"The text at character {one.document_offset} of document {one.document!r} is {window[:40]!r}, not "
                f"{one.phrase!r}. "
                "The shard or the timeline is damaged: index again."
            )
        return one.document_offset + min(ends)


def _context(one: ExposureAnswer, text: str, find: _Finder, width: int, exactness: str) -> Context:
    start, end = one.document_offset, find.end(one, text)
    return Context(
        phrase=one.phrase,
        step=one.step,
        batch=one.batch,
        sequence=one.sequence,
        token=one.token,
        document=one.document,
        offset=one.offset,
        document_offset=one.document_offset,
        before=text[max(start - width, 0) : start],
        match=text[start:end],
        after=text[end : end + width],
        gap=one.gap,
        anchor=one.anchor,
        exactness=exactness,
    )
