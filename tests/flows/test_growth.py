"""Timelines that grow: more phrases, more shards, other checkpoints. Only what is new is scanned, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import chaos
import generations
import pytest
from training_runs import TrainingRun

from exposure.errors import OrderError, TimelineError, UsageError
from exposure.orders import Checkpoints
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.run import IndexOptions, index_corpus, republish

FIRST = chaos.folded(chaos.phrases(1, 40))
SECOND = chaos.folded(chaos.phrases(2, 40))
BOTH = PhraseSet.of([*FIRST, *SECOND])
OPTIONS = IndexOptions(grid_every=3)
PACKINGS = {"documents": {}, "stream": {"packing": "concatenate", "length": 11}}
SIZES = (7, 4, 9, 6, 5)


def make(folder: Path, packing: str = "documents", shards: int = len(SIZES)) -> TrainingRun:
    """A run over the first shards of five; the number of rows is no multiple of a batch at any shard's end."""
    folder.mkdir(parents=True, exist_ok=True)
    names = chaos.write_shards(folder / "corpus", 41, SIZES)
    return replace(TrainingRun(names[:shards], chaos.write_tokenizer(folder), 20, batch=5), **PACKINGS[packing])  # type: ignore[arg-type]


def index(run: TrainingRun, folder: Path, phrases: PhraseSet, name: str = "t", options: IndexOptions = OPTIONS) -> int:
    """Index into `name`; how many units were scanned."""
    return index_corpus(run.manifest(folder), phrases, folder / name, options).scanned


def written(timeline: Path) -> dict[str, int]:
    """The markers of the segments and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in (timeline / "segments").glob("*.json")}


def coverage(timeline: Path) -> list[tuple[bool, tuple[int, ...]]]:
    """Of each group: whether it is complete, and its missing shards."""
    with Timeline.open(timeline) as opened:
        return [(one.complete, one.missing_shards) for one in opened.coverage()]


@pytest.mark.parametrize("packing", PACKINGS)
def test_longer_runs_scan_only_what_is_new(tmp_path: Path, packing: str) -> None:
    """Two shards, then three, then five: each time the new ones (and a shard whose last row grew), and each time the
    oracle's numbers; at last the rows of a timeline that was made at once."""
    run = make(tmp_path, packing)
    before: dict[str, int] = {}
    for shards in (2, 3, 5):
        longer = replace(run, shards=run.shards[:shards])
        scanned = index(longer, tmp_path, FIRST)
        new = shards - {2: 0, 3: 2, 5: 3}[shards]
        assert scanned == new + (packing == "stream" and shards > 2), "the incomplete last row of a stream grows"
        now = written(tmp_path / "t")
        assert {name: time for name, time in now.items() if name in before} == before
        before = now
        generations.assert_equals(tmp_path / "t", longer.expected(FIRST))
    index(run, tmp_path, FIRST, "at once")
    assert generations.logical_digest(tmp_path / "t") == generations.logical_digest(tmp_path / "at once")


@pytest.mark.parametrize("packing", PACKINGS)
def test_more_phrases_scan_only_for_themselves(tmp_path: Path, packing: str) -> None:
    """A second set is scanned for apart; its phrases that were there already are not; all numbers are the oracle's."""
    run = make(tmp_path, packing)
    assert index(run, tmp_path, FIRST) == 5
    before = written(tmp_path / "t")
    assert index(run, tmp_path, BOTH) == 5
    assert {name: time for name, time in written(tmp_path / "t").items() if name in before} == before
    groups = TimelineFolder(tmp_path / "t").groups().values()
    assert sorted(map(len, groups)) == sorted([len(FIRST), len(set(SECOND) - set(FIRST))])
    assert index(run, tmp_path, SECOND) == 0
    generations.assert_equals(tmp_path / "t", run.expected(BOTH))


@pytest.mark.parametrize("packing", PACKINGS)
def test_longer_run_for_one_set_takes_the_other_along(tmp_path: Path, packing: str) -> None:
    """A timeline with two sets, grown with only one of them named: the other is known no less far than before."""
    run = make(tmp_path, packing)
    shorter = replace(run, shards=run.shards[:3])
    for phrases in (FIRST, SECOND):
        index(shorter, tmp_path, phrases)
    index(run, tmp_path, FIRST)
    assert coverage(tmp_path / "t") == [(True, ())] * 2
    generations.assert_equals(tmp_path / "t", run.expected(BOTH))


@pytest.mark.parametrize("packing", PACKINGS)
def test_new_shard_that_is_missing_is_a_hole_and_no_loss(tmp_path: Path, packing: str) -> None:
    """The run grew, its new shard cannot be read: what was known stays known, the rest is told as missing, and later
    everything is as it should be."""
    run = make(tmp_path, packing)
    shorter = replace(run, shards=run.shards[:4])
    index(shorter, tmp_path, FIRST)
    manifest, steps, whole_batches = run.manifest(tmp_path), run.steps, len(shorter.slots) // run.batch
    run.shards[4].rename(tmp_path / "away")
    result = index_corpus(manifest, FIRST, tmp_path / "t", OPTIONS)
    assert [shard for shard, _ in result.holes] == [4]
    with Timeline.open(tmp_path / "t") as opened:
        (answer,) = opened.coverage()
        assert answer.steps == steps
        assert answer.covered_through == whole_batches
        assert answer.missing_shards == (4,)
    (tmp_path / "away").rename(run.shards[4])
    assert index(run, tmp_path, FIRST) == 1
    generations.assert_equals(tmp_path / "t", run.expected(FIRST))


def test_growth_that_would_lose_something_is_refused_with_both_reasons(tmp_path: Path) -> None:
    """A shard whose last row grows must be read again: when it is gone the current generation stays, and the sentence
    names the shard."""
    run = make(tmp_path, "stream")
    shorter = replace(run, shards=run.shards[:4])
    index(shorter, tmp_path, FIRST)
    manifest, before = run.manifest(tmp_path), (tmp_path / "t" / "CURRENT").read_text()
    run.shards[3].rename(tmp_path / "away")
    with pytest.raises(TimelineError, match=r"cover less than its current generation.*could not be scanned.*part-3"):
        index_corpus(manifest, FIRST, tmp_path / "t", OPTIONS)
    assert (tmp_path / "t" / "CURRENT").read_text() == before
    assert coverage(tmp_path / "t") == [(True, ())]
    (tmp_path / "away").rename(run.shards[3])
    index(run, tmp_path, FIRST)
    generations.assert_equals(tmp_path / "t", run.expected(FIRST))


@pytest.mark.parametrize("packing", PACKINGS)
def test_growth_that_was_cut_short_can_be_published_or_goes_on(tmp_path: Path, packing: str) -> None:
    """After a kill just when the longer order was written: the old generation answers; publishing never loses."""
    run = make(tmp_path, packing)
    shorter = replace(run, shards=run.shards[:3])
    index(shorter, tmp_path, FIRST)
    before = (tmp_path / "t" / "CURRENT").read_text()
    run.manifest(tmp_path, "longer.json")
    (tmp_path / "t" / "order.json").unlink()
    index_corpus(tmp_path / "longer.json", FIRST, tmp_path / "other", OPTIONS)
    (tmp_path / "t" / "order.json").write_bytes((tmp_path / "other" / "order.json").read_bytes())
    assert coverage(tmp_path / "t") == [(True, ())]
    if packing == "documents":
        republish(tmp_path / "t")
        assert coverage(tmp_path / "t") == [(False, (3, 4))]
    else:
        with pytest.raises(TimelineError, match="Index again"):
            republish(tmp_path / "t")
        assert (tmp_path / "t" / "CURRENT").read_text() == before
    index_corpus(tmp_path / "longer.json", FIRST, tmp_path / "t", OPTIONS)
    generations.assert_equals(tmp_path / "t", run.expected(FIRST))


def test_other_checkpoints_later_are_answered_from_the_edges_there_are(tmp_path: Path) -> None:
    """No scan; exact at edges of buckets, intervals that hold the truth elsewhere; the new checkpoints are asked."""
    run = replace(make(tmp_path), checkpoints=Checkpoints(steps=(0, 4)), batch=1)
    index(run, tmp_path, FIRST, options=IndexOptions(keep_first=1, grid_every=8))
    other = replace(run, checkpoints=Checkpoints(every=1))
    assert index(other, tmp_path, FIRST, options=IndexOptions()) == 0
    truth = run.expected(FIRST)
    open_intervals = 0
    with Timeline.open(tmp_path / "t") as timeline:
        assert timeline.checkpoints == list(range(run.steps + 1))
        for text in {phrase.text for phrase in FIRST}:
            for point in timeline.history(text):
                found = truth.get(Phrase(point.phrase, point.gap or 0, point.anchor == "sentence_end"))
                count = sum(n for batch, n in found.by_batch.items() if batch < point.step) if found else 0
                assert point.count_high is not None
                assert point.count <= count <= point.count_high
                assert point.exact or point.step not in {0, 4, 8, 16, 24, run.steps}
                open_intervals += not point.exact
    assert open_intervals


def test_checkpoints_of_a_longer_run_are_edges_beyond_the_shorter_one(tmp_path: Path) -> None:
    """Where the run goes on, its new checkpoints part the counts; before, nothing is scanned again for them."""
    run = make(tmp_path)
    shorter = replace(run, shards=run.shards[:3], checkpoints=Checkpoints(steps=(1,)))
    index(shorter, tmp_path, FIRST, options=IndexOptions(grid_every=100))
    longer = replace(run, checkpoints=Checkpoints(steps=(2, 5, 6)))
    assert index(longer, tmp_path, FIRST, options=IndexOptions()) == 2
    edges = [edge for (edge,) in generations.query(tmp_path / "t", "SELECT start_batch FROM buckets")]
    assert edges == [0, 1, 5, 6]
    generations.assert_equals(tmp_path / "t", run.expected(FIRST))
    other = replace(run, checkpoints=Checkpoints(steps=(3, 4)))
    assert index(other, tmp_path, FIRST, options=IndexOptions()) == 0, "the edges of what was added stay too"
    assert [edge for (edge,) in generations.query(tmp_path / "t", "SELECT start_batch FROM buckets")] == edges
    assert generations.query(tmp_path / "t", "FROM checkpoints") == [(3,), (4,)]


def test_another_order_or_rule_never_enters_a_timeline(tmp_path: Path) -> None:
    """Grown timelines too refuse a shorter run, other shards in between, a shuffle, and another match rule."""
    run = make(tmp_path)
    index(replace(run, shards=run.shards[:3]), tmp_path, FIRST)
    index(run, tmp_path, FIRST)
    before = (written(tmp_path / "t"), (tmp_path / "t" / "CURRENT").read_text())
    between = (*run.shards[:2], run.shards[3], run.shards[2], run.shards[4])
    for other in (replace(run, shards=run.shards[:3]), replace(run, shards=between), replace(run, seed=1)):
        with pytest.raises(OrderError, match="another timeline"):
            index(other, tmp_path, FIRST)
    with pytest.raises(UsageError, match="was made with"):
        index(run, tmp_path, FIRST, options=IndexOptions(MatchRule(boundary="none")))
    assert (written(tmp_path / "t"), (tmp_path / "t" / "CURRENT").read_text()) == before


@pytest.mark.parametrize("change", [{"seed": 3}, {"epochs": 2}, {"seed": 3, "epochs": 2, "shuffle_from": 1}])
def test_runs_whose_rows_move_do_not_grow(tmp_path: Path, change: dict[str, int]) -> None:
    """Shuffled runs and several epochs place old rows elsewhere when shards are added: another order, refused."""
    run = replace(make(tmp_path), **change)  # type: ignore[arg-type]
    index(replace(run, shards=run.shards[:3]), tmp_path, FIRST)
    with pytest.raises(OrderError, match="neither is that order nor appends"):
        index(run, tmp_path, FIRST)
