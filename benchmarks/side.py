"""What every side is to the clock: made (patterns read, automaton built), timed once, asked for what it found."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pyarrow.parquet as pq

from benchmarks.answers import Answer, Findings
from benchmarks.corpus import Corpus
from benchmarks.phrase_lists import phrase_list
from benchmarks.tasks import Task

MEMORY_BYTES = {"1k": 48_000_000, "10k": 48_000_000, "100k": 24_000_000, "1M": 12_000_000}
"""List → how much text is held in memory where a matcher is measured alone; the slow lists have less."""


class Side(ABC):
    """One side of a comparison. Making it is its setup, `scan` is what is timed, and is called once."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        self.task = task
        self.corpus = corpus
        self.text_bytes = corpus.facts.text_bytes

    @abstractmethod
    def scan(self) -> None:
        """Search all the text."""

    def answer(self) -> Answer | None:
        """What was found; None for a side that looks for nothing."""
        return None


class LoopSide(Side):
    """A side that keeps its findings in Python; `matcher` is made from the phrases by `build`."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.phrases = phrase_list(corpus, task.phrases)
        self.findings = Findings(len(self.phrases))

    def answer(self) -> Answer | None:
        """What the loop counted."""
        return self.findings.answer()


class MemorySide(LoopSide):
    """A matcher alone: the first MEMORY_BYTES (or all) of the corpus are in memory, as `texts`."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        self.texts = texts_in_memory(corpus, MEMORY_BYTES[task.phrases])
        self.text_bytes = sum(len(text.encode()) for text in self.texts)


def texts_in_memory(corpus: Corpus, least_bytes: int) -> list[str]:
    """The first documents of a corpus with `least_bytes` of text, or all."""
    texts: list[str] = []
    size = 0
    with pq.ParquetFile(corpus.shard("parquet")) as file:
        for batch in file.iter_batches(batch_size=256, columns=["text"]):
            texts += batch["text"].to_pylist()
            size += batch["text"].nbytes
            if size >= least_bytes:
                break
    return texts
