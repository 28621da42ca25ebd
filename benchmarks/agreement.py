"""Whether the sides found the same: every count and every first place, where they mean the same by a match."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.answers import Answer
from benchmarks.corpus import Corpus
from benchmarks.tasks import Task

PLACELESS = ("grep",)
"""Sides that do not say where a match stands."""


@dataclass(frozen=True)
class Agreement:
    """A side against ours, with the same list: phrases whose count differs, whose first place differs, and matches."""

    side: str
    phrases: str
    counts_differ: int
    places_differ: int | None
    matches: int
    our_matches: int

    @property
    def missed(self) -> float:
        """The share of our matches that the side does not report."""
        return 1 - self.matches / self.our_matches if self.our_matches else 0.0


def reference_of(task: Task) -> Task | None:
    """Our task that means the same by a match as `task` does; None where there is nothing to compare."""
    if task.side == "exposure":
        return replace(task, variant="default") if task.variant == "aho-corasick" else None
    if task.side == "exposure matcher" or not task.phrases or "only" in task.variant:
        return None
    in_memory = task.side not in ("naive loop", "pyahocorasick + orjson", "grep")
    side = "exposure matcher" if in_memory else "exposure"
    return Task(side, task.corpus, task.phrases, variant="as-peers")


def compare(corpus: Corpus, task: Task, reference: Task) -> Agreement:
    """Hold what a side found against what ours did; both must have been timed."""
    theirs, ours = (Answer.load(corpus.folder / f"{one.name}.npy") for one in (task, reference))
    elsewhere = (theirs.documents != ours.documents) | (theirs.offsets != ours.offsets)
    return Agreement(
        side=task.side if task.variant == "default" else f"{task.side}, {task.variant}",
        phrases=task.phrases,
        counts_differ=int(np.count_nonzero(theirs.counts != ours.counts)),
        places_differ=None if task.side in PLACELESS else int(np.count_nonzero(elsewhere)),
        matches=theirs.matches,
        our_matches=ours.matches,
    )
