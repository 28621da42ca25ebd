r"""hyperscan on bytes: `variant` "literal" checks boundaries in its callback, "regex" by `\b` (ASCII) in the pattern.

"literal only" and "regex only" have a callback that does nothing: the speed of the engine and of calling Python.
"""

from __future__ import annotations

import re
from typing import Any

import hyperscan

from benchmarks.answers import Answer, characters_before, is_word_byte
from benchmarks.corpus import Corpus
from benchmarks.side import MemorySide
from benchmarks.tasks import Task


class InMemory(MemorySide):
    """The engine over texts in memory."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        form, _, self.only = task.variant.partition(" ")
        self.literal = form == "literal"
        self.encoded = [text.encode() for text in self.texts]
        patterns = [phrase.encode() for phrase in self.phrases]
        self.sizes = [len(pattern) for pattern in patterns]
        if not self.literal:
            patterns = [rb"\b" + re.escape(pattern) + rb"\b" for pattern in patterns]
        self.database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self.database.compile(
            expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns), flags=0, literal=self.literal
        )

    def scan(self) -> None:
        """Every text in turn; the library calls back at the end of each match."""
        scan = self.database.scan
        if self.only:
            for text in self.encoded:
                scan(text, _ignored)
            return
        for document, text in enumerate(self.encoded):
            scan(text, self._at_boundaries if self.literal else self._counted, context=(document, text))

    def _at_boundaries(self, number: int, _: int, end: int, flags: int, context: Any) -> None:
        text, start = context[1], end - self.sizes[number]
        if start and is_word_byte(text, start - 1, -1):
            return
        if end < len(text) and is_word_byte(text, end, 1):
            return
        self._counted(number, _, end, flags, context)

    def _counted(self, number: int, _: int, end: int, __: int, context: Any) -> None:
        self.findings.counts[number] += 1
        if number not in self.findings.first:
            self.findings.first[number] = (context[0], end - self.sizes[number])

    def answer(self) -> Answer | None:
        """None where nothing was done with the matches."""
        return None if self.only else characters_before(self.findings.answer(), self.encoded)


def _ignored(*_: object) -> None:
    return None
