"""A timeline's life in random steps: whatever happened to it before, it never says what is not true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import chaos
import generations
import pytest
from training_runs import Expected, TrainingRun

from exposure.census import Census
from exposure.errors import CorpusError, TimelineError
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import Phrase, PhraseSet
from exposure.publish import publish
from exposure.status import ExposureStatus
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.run import IndexOptions, index_corpus, republish

SIZES = (5, 3, 6, 4, 7, 2)
SETS = [chaos.folded(chaos.phrases(seed, 14)) for seed in (1, 2, 3)]
EVERYTHING = PhraseSet.of(phrase for phrases in SETS for phrase in phrases)
PACKINGS = {"documents": {}, "stream": {"packing": "concatenate", "length": 9}}


@dataclass
class Walk:
    """A timeline, its corpus, and what the walker knows of them."""

    folder: Path
    whole: TrainingRun
    rng: Random
    shards: int = 2
    done: list[str] = field(default_factory=list)
    truths: dict[int, Expected] = field(default_factory=dict)
    covered: dict[str, dict[int, int]] = field(default_factory=dict)

    @property
    def timeline(self) -> Path:
        """Where it is."""
        return self.folder / "t"

    def run(self, shards: int) -> TrainingRun:
        """The run over the first shards."""
        checkpoints = Checkpoints(steps=tuple(self.rng.sample(range(4), 2)))
        return replace(self.whole, shards=self.whole.shards[:shards], checkpoints=checkpoints)

    def truth(self, shards: int) -> Expected:
        """What that run shows, by the oracle; every shard is looked at where it was before anything was harmed."""
        return self.truths[shards]

    def step(self) -> None:
        """One thing that happens."""
        happenings: list[Callable[[], None]] = [
            *(self.index, self.index, self.index, self.grow, self.hide, self.restore, self.restore),
            *(self.lose_segment, self.lose_generation, self.lose_current, self.publish, self.compact),
        ]
        chosen = self.rng.choice(happenings)
        self.done.append(chosen.__name__)
        chosen()

    def index(self) -> None:
        """Index one of the sets; with shards hidden there are holes, or nothing at all."""
        phrases = self.rng.choice(SETS)
        try:
            index_corpus(self.manifest(), phrases, self.timeline, IndexOptions(grid_every=3, keep_first=2))
        except (CorpusError, TimelineError) as error:
            self.done.append(str(error))

    def manifest(self) -> Path:
        """The manifest of the present run; made while all shards were there, with checkpoints that change."""
        order = DataOrder.load(self.folder / f"{self.shards}.json")
        steps = tuple(sorted(self.rng.sample(range(order.steps + 1), 2)))
        order.model_copy(update={"checkpoints": Checkpoints(steps=steps)}).save(self.folder / "run.json")
        return self.folder / "run.json"

    def grow(self) -> None:
        """The run goes on over one more shard."""
        self.shards = min(self.shards + 1, len(SIZES))
        self.index()

    def hide(self) -> None:
        """A shard is gone."""
        shard = self.rng.choice(self.whole.shards)
        if shard.exists():
            shard.rename(shard.with_name(f"{shard.name}.away"))

    def restore(self) -> None:
        """All shards are back."""
        for shard in self.whole.shards:
            if not shard.exists():
                shard.with_name(f"{shard.name}.away").rename(shard)

    def lose_segment(self) -> None:
        """The marker of a segment is gone."""
        markers = sorted((self.timeline / "segments").glob("*.json"))
        if markers:
            self.rng.choice(markers).unlink()

    def lose_generation(self) -> None:
        """The current generation is gone, or cut."""
        file = TimelineFolder(self.timeline).named
        if file is not None and file.is_file():
            self.covered = {}
            file.unlink() if self.rng.random() < 0.5 else file.write_bytes(file.read_bytes()[:5000])

    def lose_current(self) -> None:
        """CURRENT is gone, or garbage."""
        if self.timeline.exists():
            self.covered = {}
            (self.timeline / "CURRENT").write_bytes(self.rng.choice([b"", b"\xff", b"none.duckdb\n"]))

    def publish(self) -> None:
        """Publish what there is."""
        try:
            republish(self.timeline)
        except TimelineError as error:
            self.done.append(str(error))

    def compact(self) -> None:
        """Publish with small blocks."""
        try:
            folder = TimelineFolder.open(self.timeline)
            publish(folder, Census.open(folder.order), self.rng.choice([2, 3]))
        except TimelineError as error:
            self.done.append(str(error))

    def check(self) -> None:
        """All that the timeline says now is true of the run that it says it is of."""
        try:
            timeline = Timeline.open(self.timeline)
        except TimelineError:
            return
        with timeline:
            shards = next(n for n, order in self.digests().items() if order == timeline.facts["order_digest"])
            truth = self.truth(shards)
            assert timeline.steps == self.whole_of(shards).steps
            for step in (None, *self.rng.sample(range(timeline.steps + 2), 4)):
                for one in timeline.first_seen(sorted({p.text for p in EVERYTHING}), step):
                    if one.status == ExposureStatus.NOT_INDEXED:
                        continue
                    phrase = Phrase(one.phrase, one.gap or 0, one.anchor == "sentence_end")
                    found = truth.get(phrase)
                    end = timeline.steps if step is None else step
                    count = sum(n for batch, n in found.by_batch.items() if batch < end) if found else 0
                    assert one.count is not None
                    assert one.count <= count
                    assert one.count_high is None or count <= one.count_high
                    assert one.status != ExposureStatus.SEEN or count
                    assert one.status not in (ExposureStatus.NEVER, ExposureStatus.UNSEEN_SO_FAR) or not count
                    if one.first_exact:
                        assert found is not None
                        assert (one.first_batch, one.sequence, one.offset) == (
                            found.first.batch, found.first.sequence, found.first.offset,
                        )  # fmt: skip
            self.check_coverage(timeline, shards)

    def check_coverage(self, timeline: Timeline, shards: int) -> None:
        """No group is known less far than it was, but for a last batch that grew."""
        now = {one.phrase_group: one for one in timeline.coverage()}
        for group, before in self.covered.items():
            for known_of, batches in before.items():
                full = len(self.whole_of(known_of).slots) // self.whole.batch
                kept = batches if known_of == shards else min(batches, full)
                assert now[group].covered_through >= kept, (group, known_of)
        self.covered = {group: {shards: one.covered_through} for group, one in now.items()}

    def whole_of(self, shards: int) -> TrainingRun:
        """The run over that many shards, its oracle ready."""
        return self.runs[shards]

    def digests(self) -> dict[int, str]:
        """Number of shards → digest of the order."""
        return self.orders

    runs: dict[int, TrainingRun] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)


def begin(folder: Path, packing: str, seed: int) -> Walk:
    """A corpus, and the oracle's answers for every length that the run may have."""
    names = chaos.write_shards(folder / "corpus", seed, SIZES)
    whole = replace(TrainingRun(names, chaos.write_tokenizer(folder), 20, batch=4), **PACKINGS[packing])  # type: ignore[arg-type]
    walk = Walk(folder, whole, Random(seed))
    for shards in range(2, len(SIZES) + 1):
        run = replace(whole, shards=names[:shards])
        walk.runs[shards] = run
        walk.truths[shards] = run.expected(EVERYTHING)
        walk.orders[shards] = DataOrder.load(run.manifest(folder, f"{shards}.json")).digest
    return walk


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_nothing_false_is_said(tmp_path: Path, packing: str, seed: int) -> None:
    """Indexing, growth, shards, segments and generations lost and found in random order: all answers stay true, and
    what was known stays known; in the end, with everything there, everything is as the oracle says."""
    walk = begin(tmp_path, packing, seed)
    for _ in range(30):
        walk.step()
        walk.check()
    walk.restore()
    walk.shards = len(SIZES)
    for phrases in SETS:
        index_corpus(walk.manifest(), phrases, walk.timeline, IndexOptions(grid_every=3, keep_first=2))
    walk.check()
    generations.assert_equals(walk.timeline, walk.truth(len(SIZES)), keep=2)
