"""ahocorasick_rs: Rust's aho-corasick on strings; `variant` is "nfa" (contiguous) or "dfa"."""

from __future__ import annotations

from ahocorasick_rs import AhoCorasick, Implementation

from benchmarks.corpus import Corpus
from benchmarks.side import MemorySide
from benchmarks.tasks import Task

FORMS = {"nfa": Implementation.ContiguousNFA, "dfa": Implementation.DFA}


class InMemory(MemorySide):
    """The engine over texts in memory."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.automaton = AhoCorasick(self.phrases, implementation=FORMS[task.variant])

    def scan(self) -> None:
        """Every text in turn; the library lists the matches of each."""
        find = self.automaton.find_matches_as_indexes
        counts, first = self.findings.counts, self.findings.first
        for document, text in enumerate(self.texts):
            length = len(text)
            for number, start, end in find(text, overlapping=True):
                if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
                    continue
                if end < length and (text[end].isalnum() or text[end] == "_"):
                    continue
                counts[number] += 1
                if number not in first:
                    first[number] = (document, start)
