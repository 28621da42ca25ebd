"""Our side, end to end: `scan_unit` of the product, on a run and a timeline made by its own code.

What is timed is one unit: the census read, the shard digested, decompressed and parsed, all phrases matched, counts
tallied in BUCKETS buckets with the first eight exposures and the last of each phrase, the segment written and brought
to disk. Before it, the small shard is scanned in the same process: that builds the matcher and compiles what is not yet
compiled, and is the setup.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from benchmarks.answers import NEVER, Answer
from benchmarks.corpus import Corpus
from benchmarks.phrase_lists import phrase_list
from benchmarks.side import Side
from benchmarks.tasks import Task
from exposure.census import Census
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.segments import rank_in_group
from exposure.timeline_folder import TimelineFolder
from exposure.timeline_settings import TimelineSettings
from exposure.units import Unit, plan_units
from indexer.manifest import RunOptions, make_manifest
from indexer.run import KEEP_FIRST
from indexer.scan import ScanInputs, scan_unit

BUCKETS = 154
"""Of the measured shard: as many as Pythia has checkpoints."""

BATCH_SEQUENCES = 8

RULES = {
    "default": MatchRule(),
    "exact": MatchRule(case="exact"),
    "as-peers": MatchRule(case="exact", whitespace="verbatim"),
    "aho-corasick": MatchRule(),
}
"""Variant → how our side matches: "as-peers" is what the peers' loops mean by a match; another engine has its name."""


def prepare_run(corpus: Corpus, kind: str) -> None:
    """The manifest of a run over the small shard and the measured one; documents are rows, in order."""
    shards = corpus.warm_shard(kind), corpus.shard(kind)
    options = RunOptions(
        corpus=tuple(map(str, shards)),
        packing="document-per-row",
        batch_sequences=BATCH_SEQUENCES,
        census=corpus.folder / "census",
    )
    order = make_manifest(options)
    first = order.shards[0].documents // BATCH_SEQUENCES
    steps = np.unique(np.linspace(first, order.steps, BUCKETS + 1, dtype=int)[:-1])
    order.model_copy(update={"checkpoints": Checkpoints(steps=tuple(map(int, steps)))}).save(run_path(corpus, kind))


def run_path(corpus: Corpus, kind: str) -> Path:
    """Where the manifest of the run over shards of a kind is."""
    return corpus.folder / f"run-{kind}.json"


def prepare_timeline(corpus: Corpus, task: Task) -> None:
    """A timeline that is admitted the phrases of a task and has scanned nothing; the run's manifest must be there."""
    order = DataOrder.load(run_path(corpus, task.kind))
    place = timeline_path(corpus, task)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    settings = TimelineSettings(RULES[task.variant], KEEP_FIRST, order.steps, order.checkpoints, order.steps)
    folder = TimelineFolder.create(place, settings)
    folder.set_order(order)
    folder.admit(PhraseSet.of(map(Phrase, phrase_list(corpus, task.phrases))))


def timeline_path(corpus: Corpus, task: Task) -> Path:
    """Where the timeline of a task is."""
    return corpus.folder / "timelines" / f"{task.kind}-{task.variant}-{task.phrases}"


def scan_inputs(corpus: Corpus, task: Task, order: DataOrder) -> ScanInputs:
    """What the product's engine would hand to `scan_unit`: as many threads as CPUs."""
    return ScanInputs(
        timeline=timeline_path(corpus, task),
        manifest=run_path(corpus, task.kind),
        census=Path(order.census),
        order_digest=order.digest,
        engine="aho-corasick" if task.variant == "aho-corasick" else "auto",
        threads=task.cpus,
    )


class Scan(Side):
    """One unit scanned by the product."""

    def __init__(self, task: Task, corpus: Corpus) -> None:
        super().__init__(task, corpus)
        order = DataOrder.load(run_path(corpus, task.kind))
        self.inputs = scan_inputs(corpus, task, order)
        self.folder = TimelineFolder.open(self.inputs.timeline)
        (group,) = (path.stem for path in (self.folder.path / "groups").glob("*.parquet"))
        warm, self.unit = plan_units(Census.open(order), [group], self.folder.settings)
        for unit in (warm, self.unit):
            self._forget(unit)
        scan_unit(self.inputs, warm, _ignored)

    def _forget(self, unit: Unit) -> None:
        segments = self.folder.segments
        for path in (segments.marker_path, segments.counts_path, segments.exposures_path):
            path(unit.key).unlink(missing_ok=True)

    def scan(self) -> None:
        """The unit of the measured shard."""
        scan_unit(self.inputs, self.unit, _ignored)

    def answer(self) -> Answer:
        """Counts and first places, read from the segment that was written."""
        counts, exposures = self.folder.segments.read(self.unit.key)
        phrases = [phrase.text for phrase in self.folder.group(self.unit.group)]
        total = np.zeros(len(phrases), dtype=np.int64)
        np.add.at(total, counts["phrase"].to_numpy(), counts["count"].to_numpy())
        places = np.full((2, len(phrases)), NEVER, dtype=np.int64)
        first = exposures.filter(rank_in_group(exposures["phrase"].to_numpy()) == 0)
        places[:, first["phrase"].to_numpy()] = first["document"].to_numpy(), first["offset"].to_numpy()
        numbers = {phrase: number for number, phrase in enumerate(phrases)}
        listed = np.array([numbers[phrase] for phrase in phrase_list(self.corpus, self.task.phrases)])
        return Answer(total[listed], *places[:, listed])


def _ignored(_: int) -> None:
    return None
