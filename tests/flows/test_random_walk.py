"""A timeline's life in random steps: whatever happened to it before, it never says what is not true."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import chaos
import generations
import pytest
from training_runs import Expected, TrainingRun

from exposure.answers import FirstSeen
from exposure.census import Census
from exposure.errors import CorpusError, TimelineError
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import Phrase, PhraseSet
from exposure.publish import publish
from exposure.status import ExposureStatus
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.run import IndexOptions, index_corpus

SIZES = (5, 3, 6, 4, 7)
STEPS = 20
SETS = [chaos.folded(chaos.phrases(seed, 10)) for seed in (1, 2, 3)]
TEXTS = sorted({phrase.text for phrases in SETS for phrase in phrases})
OPTIONS = IndexOptions(grid_every=3, keep_first=2)
PACKINGS = {"documents": {}, "stream": {"packing": "concatenate", "length": 9}}


@dataclass
class Walk:
    """A timeline and its corpus; for each number of shards the run over them, its digest and the oracle's answers.

    `covered` is how far each group was known at the last look, and in the run over how many shards.
    """

    folder: Path
    rng: Random
    runs: dict[int, TrainingRun]
    digests: dict[str, int]
    truths: dict[int, Expected]
    shards: int = 2
    covered: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def timeline(self) -> Path:
        """Where it is."""
        return self.folder / "t"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every shard, be it there or away."""
        return self.runs[len(SIZES)].shards

    def step(self) -> None:
        """One thing that happens; an error that has a sentence is no obstacle."""
        happenings: list[Callable[[], object]] = [
            *(self.index, self.index, self.index, self.grow, self.hide, self.restore, self.restore),
            *(self.lose_segment, self.lose_generation, self.lose_current, self.publish),
        ]
        with contextlib.suppress(CorpusError, TimelineError):
            self.rng.choice(happenings)()

    def index(self, phrases: PhraseSet | None = None) -> None:
        """Index one of the sets, with other checkpoints each time; with shards away there are holes."""
        order = DataOrder.load(self.folder / f"{self.shards}.json")
        steps = tuple(self.rng.sample(range(order.steps + 1), 2))
        order.model_copy(update={"checkpoints": Checkpoints(steps=steps)}).save(self.folder / "run.json")
        index_corpus(self.folder / "run.json", phrases or self.rng.choice(SETS), self.timeline, OPTIONS)

    def grow(self) -> None:
        """The run goes on over one more shard."""
        self.shards = min(self.shards + 1, len(SIZES))
        self.index()

    def hide(self) -> None:
        """A shard is gone."""
        shard = self.rng.choice(self.files)
        if shard.exists():
            shard.rename(shard.with_name(f"{shard.name}.away"))

    def restore(self) -> None:
        """All shards are back."""
        for shard in self.files:
            if not shard.exists():
                shard.with_name(f"{shard.name}.away").rename(shard)

    def lose_segment(self) -> None:
        """The marker of a segment is gone."""
        markers = sorted((self.timeline / "segments").glob("*.json"))
        if markers:
            self.rng.choice(markers).unlink()

    def lose_generation(self) -> None:
        """The current generation is gone, or cut: what was known may be lost with it."""
        file = TimelineFolder(self.timeline).named
        if file is not None and file.is_file():
            self.covered = {}
            file.unlink() if self.rng.random() < 0.5 else file.write_bytes(file.read_bytes()[:5000])

    def lose_current(self) -> None:
        """CURRENT is gone, or names nothing."""
        if self.timeline.exists():
            self.covered = {}
            (self.timeline / "CURRENT").write_bytes(self.rng.choice([b"", b"\xff", b"none.duckdb\n"]))

    def publish(self) -> None:
        """Publish what there is, in blocks of some size."""
        folder = TimelineFolder.open(self.timeline)
        publish(folder, Census.open(folder.order), self.rng.choice([2, 3, 64]))

    def look(self) -> None:
        """All that the timeline says now is true of the run that it says it is of."""
        try:
            timeline = Timeline.open(self.timeline)
        except TimelineError:
            return
        with timeline:
            shards = self.digests[timeline.facts["order_digest"]]
            assert timeline.steps == self.runs[shards].steps
            for step in (None, *self.rng.sample(range(timeline.steps + 2), 3)):
                for one in timeline.first_seen(TEXTS, step):
                    assert_true(one, self.truths[shards], timeline.steps if step is None else step)
            self.look_at_coverage(timeline, shards)

    def look_at_coverage(self, timeline: Timeline, shards: int) -> None:
        """No group is known less far than it was, but for a last batch into which more rows came."""
        now = {one.phrase_group: one.covered_through for one in timeline.coverage()}
        for group, (known_of, batches) in self.covered.items():
            full = len(self.runs[known_of].slots) // self.runs[known_of].batch
            assert now[group] >= (batches if known_of == shards else min(batches, full))
        self.covered = {group: (shards, batches) for group, batches in now.items()}


def assert_true(one: FirstSeen, truth: Expected, end: int) -> None:
    """Nothing in the answer contradicts the oracle, which knows everything."""
    if one.status == ExposureStatus.NOT_INDEXED:
        return
    found = truth.get(Phrase(one.phrase, one.gap or 0, one.anchor == "sentence_end"))
    count = sum(n for batch, n in found.by_batch.items() if batch < end) if found else 0
    assert one.count is not None
    assert one.count <= count
    assert one.count_high is None or count <= one.count_high
    assert one.status != ExposureStatus.SEEN or count
    assert one.status not in (ExposureStatus.NEVER, ExposureStatus.UNSEEN_SO_FAR) or not count
    if one.first_exact:
        assert found is not None
        first = (found.first.batch, found.first.sequence, found.first.offset)
        assert (one.first_batch, one.sequence, one.offset) == first


def begin(folder: Path, packing: str, seed: int) -> Walk:
    """A corpus, and the oracle's answers for every length that the run may have."""
    names = chaos.write_shards(folder / "corpus", seed, SIZES)
    whole = replace(TrainingRun(names, chaos.write_tokenizer(folder), 20, batch=4), **PACKINGS[packing])  # type: ignore[arg-type]
    runs = {shards: replace(whole, shards=names[:shards]) for shards in range(2, len(SIZES) + 1)}
    everything = PhraseSet.of(phrase for phrases in SETS for phrase in phrases)
    truths = {shards: run.expected(everything) for shards, run in runs.items()}
    manifests = {shards: run.manifest(folder, f"{shards}.json") for shards, run in runs.items()}
    digests = {DataOrder.load(path).digest: shards for shards, path in manifests.items()}
    return Walk(folder, Random(seed), runs, digests, truths)


@pytest.mark.parametrize("packing", PACKINGS)
def test_whatever_happens_nothing_false_is_said(tmp_path: Path, packing: str) -> None:
    """Indexing, growth, shards, segments and generations lost and found in random order: all answers stay true, and
    what was known stays known; in the end, with everything there, everything is as the oracle says."""
    walk = begin(tmp_path, packing, seed=1)
    for _ in range(STEPS):
        walk.step()
        walk.look()
    walk.restore()
    walk.shards = len(SIZES)
    for phrases in SETS:
        walk.index(phrases)
    walk.look()
    generations.assert_equals(walk.timeline, walk.truths[len(SIZES)], keep=2)
