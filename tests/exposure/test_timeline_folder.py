"""The folder of a timeline: made once, with one rule and one order, and refused with a sentence when it is harmed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import chaos
import numpy as np
import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import OrderError, TimelineError, UsageError
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.timeline_folder import TimelineFolder
from exposure.timeline_settings import TimelineSettings

SETTINGS = TimelineSettings(MatchRule(), 8, 4, Checkpoints(every=10), 50)


@pytest.fixture
def folder(tmp_path: Path) -> TimelineFolder:
    """A new timeline."""
    return TimelineFolder.create(tmp_path / "timeline", SETTINGS)


def order(batch: int = 8) -> DataOrder:
    """The small world's order."""
    return DataOrder.load(worlds.manifest(batch))


def test_settings_come_back(folder: TimelineFolder) -> None:
    """Opened again, the folder has the very settings that it was made with."""
    assert TimelineFolder.open(folder.path).settings == SETTINGS


@pytest.mark.parametrize(
    "other",
    [
        replace(SETTINGS, rule=MatchRule("exact")),
        replace(SETTINGS, rule=MatchRule(boundary="none")),
        replace(SETTINGS, rule=MatchRule(whitespace="verbatim")),
        replace(SETTINGS, keep_first=7),
        replace(SETTINGS, grid_every=5),
    ],
)
def test_another_rule_or_grid_is_refused(folder: TimelineFolder, other: TimelineSettings) -> None:
    """The sentence tells both; nothing changes in the folder."""
    with pytest.raises(UsageError, match=r"was made with case fold.*asked for now: case (fold|exact).*into another"):
        TimelineFolder.create(folder.path, other)
    assert TimelineFolder.open(folder.path).settings == SETTINGS


def test_other_checkpoints_are_no_other_timeline(folder: TimelineFolder) -> None:
    """Checkpoints decide only which edges there are besides the grid: those of the making stay."""
    other = replace(SETTINGS, checkpoints=Checkpoints(steps=(1, 2)), checkpoints_through=60)
    assert TimelineFolder.create(folder.path, other).settings == SETTINGS


@pytest.mark.parametrize("content", ["a file", "a folder with things"])
def test_what_is_no_timeline_is_not_touched(tmp_path: Path, content: str) -> None:
    """A file or a folder with other things is refused, and left as it is."""
    path = tmp_path / "mine"
    if content == "a file":
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="exists and is no timeline"):
        TimelineFolder.create(path, SETTINGS)
    assert [one.name for one in path.iterdir()] == ["thesis.tex"] if path.is_dir() else path.read_text() == "mine"


@pytest.mark.parametrize("left", [[], ["phrase_sets"], ["phrase_sets", "groups", "segments", "generations"]])
def test_making_that_was_killed_is_made_again(tmp_path: Path, left: list[str]) -> None:
    """Folders and a partial file, left by a kill at any moment of the making, are no obstacle."""
    path = tmp_path / "timeline"
    for name in left:
        (path / name).mkdir(parents=True)
    path.mkdir(exist_ok=True)
    (path / ".timeline.json.4711-0a1b2c3d.partial").write_text('{"ver')
    assert TimelineFolder.create(path, SETTINGS).settings == SETTINGS
    assert TimelineFolder.open(path).settings == SETTINGS


def test_no_timeline_is_no_timeline(tmp_path: Path) -> None:
    """A path without a timeline is answered with how to make one."""
    with pytest.raises(TimelineError, match=r"no timeline at .*exposure index --out"):
        TimelineFolder.open(tmp_path)


GARBAGE = [b"", b"{", b"[1]", b"3", b"null", b'"x"', b"{}", b"\xff\xfe\x00", b'{"version": 1}', b'{"version": 2}',
           b'{"version": 1, "rule": 3}']  # fmt: skip


@pytest.mark.parametrize("content", GARBAGE)
def test_harmed_settings_are_a_sentence(folder: TimelineFolder, content: bytes) -> None:
    """Whatever stands in timeline.json."""
    (folder.path / "timeline.json").write_bytes(content)
    with pytest.raises(TimelineError, match=r"timeline\.json|version"):
        _ = TimelineFolder.open(folder.path).settings


@pytest.mark.parametrize("field", ["rule", "keep_first", "checkpoints"])
def test_missing_or_unknown_field_is_a_sentence(folder: TimelineFolder, field: str) -> None:
    """Fields of the settings that are gone, or that nobody knows."""
    fields = json.loads((folder.path / "timeline.json").read_text())
    for broken in ({k: v for k, v in fields.items() if k != field}, {**fields, "more": 1}):
        (folder.path / "timeline.json").write_text(json.dumps(broken))
        with pytest.raises(TimelineError, match=r"timeline\.json is damaged"):
            _ = TimelineFolder.open(folder.path).settings


@pytest.mark.parametrize("content", [*GARBAGE, None])
def test_harmed_order_is_a_sentence_that_names_the_timeline(folder: TimelineFolder, content: bytes | None) -> None:
    """order.json missing or of any content: TimelineError, with what to do."""
    if content is not None:
        (folder.path / "order.json").write_bytes(content)
    with pytest.raises(TimelineError, match=r"data order of the timeline .*order\.json.*index the same again"):
        _ = folder.order


def test_order_stays_or_grows(folder: TimelineFolder, tmp_path: Path) -> None:
    """The same order and a longer one are taken; a shorter one, other batches and a shuffle are refused."""
    run = worlds.run()
    whole, shorter = order(), DataOrder.load(replace(run, shards=run.shards[:3]).manifest(tmp_path / "short"))
    folder.set_order(shorter)
    folder.set_order(shorter)
    folder.set_order(whole)
    shuffled = DataOrder.load(replace(run, seed=3).manifest(tmp_path / "shuffled"))
    for other in (shorter, order(batch=9), shuffled):
        with pytest.raises(OrderError, match=r"holds the data order .* another timeline"):
            folder.set_order(other)
    assert folder.order.digest == whole.digest


def test_paths_that_lead_to_their_shards_are_not_replaced_by_others(folder: TimelineFolder, tmp_path: Path) -> None:
    """A manifest of the same order that misplaces shards, or has others in their places; one that moved them counts."""
    whole = order()
    folder.set_order(whole)
    paths = [shard.path for shard in whole.shards]
    other = tmp_path / "other"
    other.write_text("something else")
    for wrong in (str(other), str(tmp_path), str(tmp_path / "s3:" / "bucket" / "shard")):
        folder.set_order(at(whole, [wrong, *paths[1:]]))
        assert [shard.path for shard in folder.order.shards] == paths
    moved = shutil.copy(paths[0], tmp_path / "moved.jsonl")
    folder.set_order(at(whole, [str(moved), *paths[1:]]))
    assert [shard.path for shard in folder.order.shards] == [str(moved), *paths[1:]]


def test_where_no_path_leads_to_a_shard_the_newest_is_kept(folder: TimelineFolder) -> None:
    """It may come to be there."""
    whole = order()
    for place in ("/nowhere", "/nowhere/else"):
        folder.set_order(at(whole, [f"{place}/{number}" for number in range(len(whole.shards))]))
        assert folder.order.shards[1].path == f"{place}/1"


def at(whole: DataOrder, paths: list[str]) -> DataOrder:
    """The same order with its shards in these places."""
    shards = tuple(one.model_copy(update={"path": path}) for one, path in zip(whole.shards, paths, strict=True))
    return whole.model_copy(update={"shards": shards})


def test_order_of_a_moved_corpus_replaces_the_paths(folder: TimelineFolder, tmp_path: Path) -> None:
    """The same order found elsewhere is taken, so that later reading finds the shards."""
    folder.set_order(order())
    corpus = shutil.copytree(worlds.small().folder / "corpus", tmp_path / "moved")
    run = replace(worlds.run(), shards=tuple(sorted(corpus.iterdir())))
    folder.set_order(DataOrder.load(run.manifest(tmp_path)))
    assert {Path(shard.path).parent for shard in folder.order.shards} == {corpus}


def test_groups_hold_each_phrase_once(folder: TimelineFolder) -> None:
    """What is admitted again makes no group; new phrases make one of their own; together they are all, each once."""
    first, more = chaos.phrases(1), chaos.phrases(2)
    groups = [folder.admit(first), folder.admit(first), folder.admit(PhraseSet.of([*first, *more]))]
    assert groups[0] == groups[1]
    assert set(groups[0]) < set(groups[2])
    held = [phrase for phrases in folder.groups().values() for phrase in phrases]
    assert sorted(held) == sorted(set(first) | set(more))
    assert folder.admit(more) == sorted({name for name, phrases in folder.groups().items() if set(phrases) & set(more)})
    for fingerprint in groups[2]:
        assert folder.group(fingerprint).fingerprint == fingerprint


def test_phrases_come_back_as_they_were(folder: TimelineFolder) -> None:
    """Gaps, sentence ends and every kind of character survive."""
    phrases = PhraseSet.of([Phrase("a … b", 3), Phrase("a", sentence_end=True), Phrase("漢字 👩‍🚀 é é"), Phrase("a")])
    (fingerprint,) = folder.admit(phrases)
    assert folder.group(fingerprint) == phrases


@pytest.mark.parametrize("harm", ["garbage", "empty", "cut", "gone", "other phrases", "other columns"])
def test_harmed_group_is_a_sentence(folder: TimelineFolder, harm: str) -> None:
    """A phrase group that cannot be read, or is not the one of its name, is named."""
    (fingerprint,) = folder.admit(chaos.phrases(1))
    path = folder.path / "groups" / f"{fingerprint}.parquet"
    if harm == "gone":
        path.unlink()
    elif harm == "other phrases":
        (other,) = folder.admit(PhraseSet.of([Phrase("quite another thing")]))
        shutil.copy(folder.path / "groups" / f"{other}.parquet", path)
    elif harm == "other columns":
        shutil.copy(worlds.phrase_file(), path)
    else:
        path.write_bytes({"garbage": b"no parquet", "empty": b"", "cut": path.read_bytes()[:-9]}[harm])
    with pytest.raises(TimelineError, match=rf"phrase group .*{fingerprint[:12]}.*index into a new folder"):
        folder.group(fingerprint)


def test_partial_files_are_no_groups(folder: TimelineFolder) -> None:
    """What a killed writer left in groups/ is not read."""
    (folder.path / "groups" / ".abc.parquet.12-34.partial").write_bytes(b"half")
    assert folder.groups() == {}


@given(
    steps=st.integers(1, 60),
    grid=st.integers(1, 70),
    listed=st.lists(st.integers(0, 80), max_size=5),
    later=st.lists(st.integers(0, 80), max_size=5),
    through=st.integers(1, 60),
)
def test_edges_are_the_grid_and_the_checkpoints_of_the_making(
    steps: int, grid: int, listed: list[int], later: list[int], through: int
) -> None:
    """Zero, the grid, the timeline's own checkpoints, those of a longer run beyond the first; all within the run."""
    made_with = Checkpoints(steps=tuple(listed))
    settings = replace(SETTINGS, grid_every=grid, checkpoints=made_with, checkpoints_through=through)
    run = order().model_copy(update={"slots": steps * 8, "checkpoints": Checkpoints(steps=tuple(later))})
    expected = {0, *range(0, steps, grid), *listed, *(step for step in later if step > through)}
    edges = settings.bucket_edges(run)
    assert edges.dtype == np.int64
    assert edges.tolist() == sorted(edge for edge in expected if edge < steps)
