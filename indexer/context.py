"""The text around the first exposures of a phrase, read back from the shards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exposure.answers import ExposureAnswer
from exposure.api.corpus import Context
from exposure.census import Census
from exposure.errors import QuestionError
from exposure.orders import DataOrder
from exposure.phrases import Phrase
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.documents import PackedDocument, documents_at
from indexer.matchers.aho_corasick import AhoCorasickMatcher
from indexer.row_pieces import Piece, pieces_of_row
from indexer.tokens import TextTokenizer, phrase_normaliser


def contexts(
    timeline: Timeline, phrase: str, width: int = 60, run: DataOrder | None = None, census: Path | None = None
) -> list[Context]:
    """The kept exposures of `phrase`, each with `width` characters around it, in order of training.

    `run` replaces the timeline's own manifest where shards were moved. Raises QuestionError when the phrase is not
    indexed, CorpusError when a shard is not what was indexed.
    """
    if not timeline.has_phrase(phrase):
        raise QuestionError(f"{phrase!r} is not indexed in {timeline.path}. Index it, or ask for one that is.")
    present = TimelineFolder.open(timeline.path).order
    order = run or present
    if order.digest not in (timeline.facts["order_digest"], present.digest):
        raise QuestionError("The run is not the one that this timeline was indexed from. Give its own manifest.")
    counted = Census.open(order, census)
    tokenizer = TextTokenizer.of_run(order)
    exposures = timeline.exposures(phrase)
    documents = documents_at(counted, {(one.shard, one.document_index) for one in exposures}, tokenizer)
    end_of = _Ends(timeline, counted, phrase_normaliser(tokenizer))
    answers = []
    for one in exposures:
        document = documents[one.shard, one.document_index]
        answers.append(_context(one, document.text, end_of(one, document), width, timeline.exactness))
    return answers


@dataclass(frozen=True)
class _Ends:
    """Finds where a match that starts at a known place ends, by matching again what was matched: the row's passage."""

    timeline: Timeline
    census: Census
    normalise: Callable[[str], str]

    def __call__(self, one: ExposureAnswer, document: PackedDocument) -> int:
        """The character of the document at which the match of `one` ends."""
        phrase = Phrase(one.phrase, one.gap or 0, one.anchor is not None)
        piece = self._piece(one)
        place = piece.place_in(document, one.document_offset)
        found = AhoCorasickMatcher([phrase], self.timeline.rule, self.normalise).find(piece.text_of(document))
        ends = [end for _, start, end in found if start == place]
        if not ends:
            there = document.text[one.document_offset :][:40]
            raise QuestionError(
                f"The text at character {one.document_offset} of document {one.document!r} is {there!r}, not "
                f"{one.phrase!r}. The shard or the timeline is damaged: index again."
            )
        return one.document_offset + min(ends) - place

    def _piece(self, one: ExposureAnswer) -> Piece:
        slot = one.batch * self.timeline.batch_sequences + one.sequence
        row = int(self.census.order.rows_in(np.array([slot]))[0])
        pieces = pieces_of_row(self.census, row)
        return next(piece for piece in pieces if piece.place == (one.shard, one.document_index))


def _context(one: ExposureAnswer, text: str, end: int, width: int, exactness: str) -> Context:
    start = one.document_offset
    return Context(
        phrase=one.phrase,
        step=one.step,
        batch=one.batch,
        sequence=one.sequence,
        token=one.token,
        document=one.document,
        offset=one.offset,
        document_offset=one.document_offset,
        exact=one.exact,
        before=text[max(start - width, 0) : start],
        match=text[start:end],
        after=text[end : end + width],
        gap=one.gap,
        anchor=one.anchor,
        exactness=exactness,
    )
