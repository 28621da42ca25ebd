"""daachorse: a double-array automaton in Rust, on bytes; `variant` "only" does nothing with the matches it lists."""

from __future__ import annotations

import daachorse

from benchmarks.answers import Answer, characters_before, is_word_byte
from benchmarks.corpus import Corpus
from benchmarks.side import MemorySide
from benchmarks.tasks import Task


class InMemory(MemorySide):
    """The engine over texts in memory."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.encoded = [text.encode() for text in self.texts]
        self.automaton = daachorse.DoubleArrayAhoCorasick([phrase.encode() for phrase in self.phrases])

    def scan(self) -> None:
        """Every text in turn; the library lists the matches of each."""
        find = self.automaton.find_overlapping
        if self.task.variant == "only":
            for text in self.encoded:
                find(text)
            return
        counts, first = self.findings.counts, self.findings.first
        for document, text in enumerate(self.encoded):
            length = len(text)
            for start, end, number in find(text):
                if start and is_word_byte(text, start - 1, -1):
                    continue
                if end < length and is_word_byte(text, end, 1):
                    continue
                counts[number] += 1
                if number not in first:
                    first[number] = (document, start)

    def answer(self) -> Answer | None:
        """None where the matches were only listed."""
        return None if self.task.variant == "only" else characters_before(self.findings.answer(), self.encoded)
