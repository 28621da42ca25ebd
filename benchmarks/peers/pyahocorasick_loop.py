"""pyahocorasick: the automaton, and the loop around it that everybody writes."""

from __future__ import annotations

import ahocorasick

from benchmarks.answers import Findings
from benchmarks.corpus import Corpus
from benchmarks.side import MemorySide
from benchmarks.tasks import Task


def build(phrases: list[str]) -> ahocorasick.Automaton:
    """An automaton whose values are (number, length)."""
    automaton = ahocorasick.Automaton()
    for number, phrase in enumerate(phrases):
        automaton.add_word(phrase, (number, len(phrase)))
    automaton.make_automaton()
    return automaton


def count(automaton: ahocorasick.Automaton, document: int, text: str, findings: Findings) -> None:
    """Add the matches of one document that stand at word boundaries."""
    counts, first, length = findings.counts, findings.first, len(text)
    for last, (number, size) in automaton.iter(text):
        start, end = last + 1 - size, last + 1
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            continue
        if end < length and (text[end].isalnum() or text[end] == "_"):
            continue
        counts[number] += 1
        if number not in first:
            first[number] = (document, start)


class InMemory(MemorySide):
    """The loop over texts in memory."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.automaton = build(self.phrases)

    def scan(self) -> None:
        """Every text in turn."""
        for document, text in enumerate(self.texts):
            count(self.automaton, document, text, self.findings)
