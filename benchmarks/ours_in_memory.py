"""Our matchers alone: the product's engines over texts in memory, laid out in blocks as its reading path does.

Timed is what the peers do too: every match at word boundaries found and counted, and the first place of each phrase
kept. `variant` is a rule of ours.RULES; "aho-corasick" is the other engine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.answers import NEVER, Answer, characters_before
from benchmarks.corpus import Corpus
from benchmarks.ours import RULES
from benchmarks.side import MemorySide
from benchmarks.tasks import Task
from exposure.phrases import Phrase
from indexer.blocks import DocumentBlock, Hits, TextBlock, laid_out
from indexer.matchers.engine import Engine, matcher
from indexer.readers.counted import BLOCK_BYTES
from indexer.rows import whole_documents

Find = Callable[[TextBlock], Hits]
WARM_TEXTS = 64


class Matcher(MemorySide):
    """One engine, block by block."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.find = _engine(task.variant, self.phrases)
        self.encoded = [text.encode() for text in self.texts]
        self.blocks = _blocks(self.encoded)
        self._forget()
        self._add(_block(self.encoded[:WARM_TEXTS], 0))  # compiled, and its memory held, before the clock runs
        self._forget()

    def _forget(self) -> None:
        self.counts = np.zeros(len(self.phrases), dtype=np.int64)
        self.documents, self.offsets = np.full((2, len(self.phrases)), NEVER, dtype=np.int64)

    def scan(self) -> None:
        """Every block in turn."""
        for block in self.blocks:
            self._add(block)

    def _add(self, block: TextBlock) -> None:
        hits = self.find(block)
        np.add.at(self.counts, hits.phrase, 1)
        new = np.flatnonzero(self.documents[hits.phrase] == NEVER)
        new = new[np.argsort(hits.start[new], kind="stable")[::-1]]  # of equal phrases the last one written stays
        phrase, passage = hits.phrase[new], hits.passage[new]
        self.documents[phrase] = block.document[passage]
        self.offsets[phrase] = hits.start[new] - block.start[passage]

    def answer(self) -> Answer:
        """Places in bytes made characters."""
        return characters_before(Answer(self.counts, self.documents, self.offsets), self.encoded)


def _engine(variant: str, phrases: list[str]) -> Find:
    engine: Engine = "aho-corasick" if variant == "aho-corasick" else "auto"
    return matcher(engine, [Phrase(phrase) for phrase in phrases], RULES[variant]).find


def _blocks(texts: list[bytes]) -> list[TextBlock]:
    """Blocks as long as those that the product reads."""
    blocks, first, size = [], 0, 0
    for number, text in enumerate(texts):
        size += len(text)
        if size >= BLOCK_BYTES or number == len(texts) - 1:
            blocks.append(_block(texts[first : number + 1], first))
            first, size = number + 1, 0
    return blocks


def _block(texts: list[bytes], first: int) -> TextBlock:
    return whole_documents(DocumentBlock(*laid_out(texts), first, str), 0)
