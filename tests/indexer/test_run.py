"""index_corpus(): scans what is not there, publishes, and never takes one run for another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import chaos
import generations
import pytest
from training_runs import TrainingRun

from exposure.errors import (
    CensusError,
    CorpusError,
    ExposureError,
    OrderError,
    PairsError,
    TimelineError,
    TokenizerError,
    UsageError,
)
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from indexer.run import KEEP_FIRST, IndexOptions, index_corpus, republish

THE = PhraseSet.of([Phrase("the"), Phrase("dogs")])
CATS = PhraseSet.of([Phrase("cats"), Phrase("the")])


def make(folder: Path, **changes: object) -> TrainingRun:
    """A run over nasty shards, one document a row."""
    folder.mkdir(parents=True, exist_ok=True)
    run = TrainingRun(chaos.write_shards(folder / "corpus", 3), chaos.write_tokenizer(folder), 20, batch=2)
    return replace(run, **changes)  # type: ignore[arg-type]


def segments(timeline: Path) -> dict[Path, int]:
    """The finished segments and when they were written."""
    return {path: path.stat().st_mtime_ns for path in (timeline / "segments").glob("*.json")}


def test_first_indexing_scans_everything_and_the_second_nothing(tmp_path: Path) -> None:
    """Units, scanned units and holes are told; a second time no segment is touched and the generation is the same."""
    manifest, out = make(tmp_path).manifest(tmp_path), tmp_path / "t"
    first = index_corpus(manifest, THE, out, IndexOptions())
    before = segments(out)
    second = index_corpus(manifest, THE, out, IndexOptions())
    assert (first.units, first.scanned, first.holes) == (4, 4, ())
    assert (second.units, second.scanned, second.generation) == (4, 0, first.generation)
    assert segments(out) == before


def test_new_phrases_are_scanned_for_alone(tmp_path: Path) -> None:
    """Phrases that are there already are not looked for again: the second group holds only what is new."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    index_corpus(manifest, THE, out, IndexOptions())
    before = segments(out)
    result = index_corpus(manifest, CATS, out, IndexOptions())
    assert (result.units, result.scanned) == (8, 4)
    assert {path: time for path, time in segments(out).items() if path in before} == before
    assert sorted(map(list, TimelineFolder(out).groups().values()), key=len) == [[Phrase("cats")], list(THE)]
    generations.assert_equals(out, run.expected([*THE, *CATS]))


def test_phrases_that_fold_to_one_are_one(tmp_path: Path) -> None:
    """Capitals, apostrophes and white space that the rule does not tell apart make no second phrase."""
    run = make(tmp_path)
    wanted = PhraseSet.of([Phrase("The  Cat"), Phrase("the cat"), Phrase("CAN’T"), Phrase("can't")])
    index_corpus(run.manifest(tmp_path), wanted, tmp_path / "t", IndexOptions())
    assert set(generations.read(tmp_path / "t")) == {Phrase("the cat"), Phrase("can't")}
    index_corpus(run.manifest(tmp_path), wanted, tmp_path / "e", IndexOptions(MatchRule("exact")))
    assert len(generations.read(tmp_path / "e")) == 4


def test_options_of_a_timeline_are_kept(tmp_path: Path) -> None:
    """K and grid are those of the first indexing unless named, and naming others is refused."""
    manifest, out = make(tmp_path).manifest(tmp_path), tmp_path / "t"
    index_corpus(manifest, THE, out, IndexOptions(keep_first=3, grid_every=5))
    index_corpus(manifest, CATS, out, IndexOptions())
    assert (TimelineFolder(out).settings.keep_first, TimelineFolder(out).settings.grid_every) == (3, 5)
    for options in (IndexOptions(keep_first=KEEP_FIRST), IndexOptions(grid_every=4), IndexOptions(MatchRule("exact"))):
        with pytest.raises(UsageError, match="was made with"):
            index_corpus(manifest, THE, out, options)


def test_manifest_rewritten_in_one_process_is_read_anew(tmp_path: Path) -> None:
    """A longer run under the same name, indexed by the same process, is not mistaken for the one before."""
    run = make(tmp_path, packing="concatenate", length=7)
    out = tmp_path / "t"
    for shards in (2, 3, 4):
        longer = replace(run, shards=run.shards[:shards])
        index_corpus(longer.manifest(tmp_path), THE, out, IndexOptions())
        generations.assert_equals(out, longer.expected(THE))


def test_timeline_made_anew_with_another_rule_is_not_scanned_by_the_old_one(tmp_path: Path) -> None:
    """A process that indexed by one rule does not use it for a new timeline in the same place."""
    run = make(tmp_path)
    manifest, out = run.manifest(tmp_path), tmp_path / "t"
    for number, rule in enumerate([MatchRule(), MatchRule(boundary="none"), MatchRule("exact")]):
        index_corpus(manifest, THE, out, IndexOptions(rule))
        generations.assert_equals(out, run.expected(THE, rule))
        out.rename(tmp_path / f"old{number}")


def test_pair_sets_are_kept_whole(tmp_path: Path) -> None:
    """Copies of the phrase files, once each; a file that is not there is refused."""
    manifest, out = make(tmp_path).manifest(tmp_path), tmp_path / "t"
    source = tmp_path / "pairs.parquet"
    source.write_bytes(b"any bytes")
    for _ in range(2):
        index_corpus(manifest, THE, out, IndexOptions(), (source,))
    assert [path.read_bytes() for path in (out / "phrase_sets").iterdir()] == [b"any bytes"]
    with pytest.raises(UsageError, match="no phrase file"):
        index_corpus(manifest, THE, out, IndexOptions(), (tmp_path / "none.parquet",))


def test_another_order_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    """Other batches, a shuffle, or other shards in front: refused before anything is scanned."""
    run, out = make(tmp_path), tmp_path / "t"
    index_corpus(run.manifest(tmp_path), THE, out, IndexOptions())
    before = (segments(out), (out / "order.json").read_bytes(), (out / "CURRENT").read_bytes())
    others = [replace(run, batch=3), replace(run, seed=1), replace(run, epochs=2), replace(run, length=21)]
    others += [replace(run, shards=run.shards[::-1]), replace(run, shards=run.shards[1:])]
    others += [replace(run, tokenizer=None, length=None), replace(run, packing="concatenate")]
    for number, other in enumerate(others):
        with pytest.raises(OrderError, match="another timeline"):
            index_corpus(other.manifest(tmp_path / str(number)), THE, out, IndexOptions())
    assert (segments(out), (out / "order.json").read_bytes(), (out / "CURRENT").read_bytes()) == before


def test_other_checkpoints_scan_nothing(tmp_path: Path) -> None:
    """The same run with checkpoints elsewhere: no scan, a new generation with the new checkpoints, the old edges."""
    run, out = make(tmp_path, checkpoints=Checkpoints(steps=(0, 5))), tmp_path / "t"
    index_corpus(run.manifest(tmp_path), THE, out, IndexOptions(grid_every=4))
    before = segments(out)
    other = replace(run, checkpoints=Checkpoints(steps=(3, 7)))
    result = index_corpus(other.manifest(tmp_path / "other"), THE, out, IndexOptions())
    assert result.scanned == 0
    assert segments(out) == before
    assert generations.query(out, "SELECT step FROM checkpoints ORDER BY step") == [(3,), (7,)]
    assert [edge for (edge,) in generations.query(out, "SELECT start_batch FROM buckets")] == [0, 4, 5, 8]
    generations.assert_equals(out, run.expected(THE))


def test_inputs_that_are_missing_make_no_timeline(tmp_path: Path) -> None:
    """No manifest, no census, no tokenizer or another one: a sentence, and no folder."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    with pytest.raises(OrderError, match="no run manifest"):
        index_corpus(tmp_path / "none.json", THE, out, IndexOptions())
    with pytest.raises(CensusError, match=r"census of .* Put it there"):
        index_corpus(manifest, THE, out, IndexOptions(), census=tmp_path)
    tokenizer = tmp_path / "tokenizer.json"
    content = tokenizer.read_text()
    tokenizer.write_text(content + " ")
    with pytest.raises(TokenizerError, match="sha256"):
        index_corpus(manifest, THE, out, IndexOptions())
    tokenizer.unlink()
    with pytest.raises(TokenizerError, match="cannot be read"):
        index_corpus(manifest, THE, out, IndexOptions())
    assert not out.exists()


def test_no_phrase_at_all_is_refused(tmp_path: Path) -> None:
    """An empty set of phrases makes no timeline."""
    with pytest.raises(UsageError, match="no phrase to look for"):
        index_corpus(make(tmp_path).manifest(tmp_path), PhraseSet(()), tmp_path / "t", IndexOptions())
    assert not (tmp_path / "t").exists()


def test_many_shards_are_compacted_on_the_way(tmp_path: Path) -> None:
    """66 shards leave one joined segment and two; five more leave that one as it is; the numbers are the oracle's."""
    (tmp_path / "c").mkdir()
    rng = Random(1)
    shards = tuple(
        chaos.write_shard(tmp_path / "c" / f"{n:02}.jsonl", [{"id": f"{n}", "text": chaos.text(rng, 9)}])
        for n in range(71)
    )
    run, out = TrainingRun(shards[:66], batch=5), tmp_path / "t"
    index_corpus(run.manifest(tmp_path), THE, out, IndexOptions())
    generations.assert_equals(out, run.expected(THE))
    before = generations.facts(out)["segments"]
    assert len(before) == 3
    longer = replace(run, shards=shards)
    assert index_corpus(longer.manifest(tmp_path), THE, out, IndexOptions()).scanned == 5
    assert len(set(before) & set(generations.facts(out)["segments"])) == 3
    generations.assert_equals(out, longer.expected(THE))


def test_holes_are_told_and_filled(tmp_path: Path) -> None:
    """A missing shard is a hole; what was scanned stays; when it is back only that one is scanned."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    away = run.shards[2].rename(tmp_path / "away")
    result = index_corpus(manifest, THE, out, IndexOptions())
    assert [shard for shard, _ in result.holes] == [2]
    assert str(run.shards[2]) in result.holes[0][1]
    assert (result.units, result.scanned) == (4, 3)
    before = segments(out)
    away.rename(run.shards[2])
    assert index_corpus(manifest, THE, out, IndexOptions()).scanned == 1
    assert {path: time for path, time in segments(out).items() if path in before} == before
    generations.assert_equals(out, run.expected(THE))


def test_a_manifest_that_misplaces_a_shard_leaves_no_hole(tmp_path: Path) -> None:
    """New phrases are scanned for where the timeline found the shard before, and that place stays recorded."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    index_corpus(manifest, THE, out, IndexOptions())
    order = DataOrder.load(manifest)
    lost = order.shards[1].model_copy(update={"path": "/nowhere/shard.jsonl"})
    order.model_copy(update={"shards": (order.shards[0], lost, *order.shards[2:])}).save(tmp_path / "twin.json")
    result = index_corpus(tmp_path / "twin.json", CATS, out, IndexOptions())
    assert (result.holes, result.scanned) == ((), 4)
    assert TimelineFolder.open(out).order.shards == order.shards
    generations.assert_equals(out, run.expected(PhraseSet.of([*THE, *CATS])))


@pytest.mark.parametrize("name", ["json", "counts.parquet", "exposures.parquet"])
@pytest.mark.parametrize("harm", ["missing", "garbage"])
def test_harmed_segment_is_mended_as_the_sentence_says(tmp_path: Path, name: str, harm: str) -> None:
    """What is missing is scanned again by itself; what is changed is named, and scanned again without its marker."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    before = index_corpus(manifest, THE, out, IndexOptions()).generation
    key = min(segments(out)).stem
    path = out / "segments" / f"{key}.{name}"
    path.unlink() if harm == "missing" else path.write_bytes(b"{}")
    before.unlink()
    if harm == "garbage":
        with pytest.raises(TimelineError, match=rf"{key}.*index again"):
            republish(out)
        (out / "segments" / f"{key}.json").unlink()
    with pytest.raises(TimelineError, match="is not there"):
        Timeline.open(out)
    result = index_corpus(manifest, THE, out, IndexOptions())
    assert (result.scanned, result.generation) == (1, before)
    generations.assert_equals(out, run.expected(THE))


def test_corpus_that_is_gone_is_an_error_only_when_nothing_was_scanned(tmp_path: Path) -> None:
    """Without any shard there is nothing to publish; with what was finished before there is."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    for shard in run.shards:
        shard.rename(tmp_path / shard.name)
    with pytest.raises(CorpusError, match="No shard could be scanned"):
        index_corpus(manifest, THE, out, IndexOptions())
    (tmp_path / run.shards[0].name).rename(run.shards[0])
    assert len(index_corpus(manifest, THE, out, IndexOptions()).holes) == 3
    run.shards[0].unlink()
    assert len(index_corpus(manifest, THE, out, IndexOptions()).holes) == 3


def test_nothing_is_republished_before_there_is_an_order(tmp_path: Path) -> None:
    """A folder that was only just made says what to run."""
    out = tmp_path / "t"
    index_corpus(make(tmp_path).manifest(tmp_path), THE, out, IndexOptions())
    (out / "order.json").unlink()
    with pytest.raises(ExposureError, match="exposure index"):
        republish(out)
    with pytest.raises(TimelineError, match="no timeline"):
        republish(tmp_path / "none")


def test_order_of_the_timeline_is_the_manifest(tmp_path: Path) -> None:
    """order.json holds the same order with absolute places, so that the timeline can be asked from anywhere."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    index_corpus(manifest, THE, out, IndexOptions())
    kept = TimelineFolder(out).order
    assert kept.digest == DataOrder.load(manifest).digest
    assert all(Path(shard.path).is_absolute() and Path(shard.path).exists() for shard in kept.shards)
    with Timeline.open(out) as timeline:
        assert timeline.facts["order_digest"] == kept.digest


def test_phrase_that_the_normaliser_swallows_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    """A phrase of which nothing would be left leaves the timeline as it was, so it can still grow afterwards."""
    run, out = make(tmp_path), tmp_path / "t"
    manifest = run.manifest(tmp_path)
    index_corpus(manifest, THE, out, IndexOptions())
    groups = sorted((out / "groups").iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.tokens.TextTokenizer.normalise_phrase", lambda _, text: text.replace("zzz", ""))
        with pytest.raises(PairsError, match="Nothing is left of 'zzz'"):
            index_corpus(manifest, PhraseSet.of([Phrase("zzz"), Phrase("a new one")]), out, IndexOptions())
    assert sorted((out / "groups").iterdir()) == groups
    index_corpus(manifest, PhraseSet.of([Phrase("a new one")]), out, IndexOptions())
