"""Publishing: generations with the same content whoever made them, and a CURRENT that never goes back."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random
from typing import Any

import chaos
import duckdb
import generations
import pytest
import worlds
from training_runs import TrainingRun

from exposure import phrase_tables
from exposure import publish as module
from exposure.census import Census
from exposure.compaction import compact
from exposure.errors import TimelineError
from exposure.generation_reader import connect, read_published
from exposure.orders import DataOrder
from exposure.phrases import Phrase, PhraseSet
from exposure.publish import publish
from exposure.segments import SegmentFolder
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from exposure.units import plan_units
from indexer.run import IndexOptions, index_corpus

SHARDS = 7


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingRun, Path]:
    """A timeline of two phrase groups over seven nasty shards; copied by the tests."""
    folder = tmp_path_factory.mktemp("made")
    shards = chaos.write_shards(folder / "corpus", 11, (4, 3, 5, 1, 4, 2, 6))
    run = TrainingRun(shards, chaos.write_tokenizer(folder), 12, "concatenate", batch=3)
    manifest = run.manifest(folder)
    for seed in (1, 2):
        index_corpus(manifest, chaos.phrases(seed), folder / "timeline", IndexOptions(grid_every=2))
    return run, folder


@pytest.fixture
def timeline(made: tuple[TrainingRun, Path], tmp_path: Path) -> Path:
    """A copy of the timeline."""
    return shutil.copytree(made[1] / "timeline", tmp_path / "timeline")


def census_of(timeline: Path) -> Census:
    """The census of the timeline's order."""
    return Census.open(TimelineFolder(timeline).order)


def forget(timeline: Path, shards: set[int], group: int | None = None) -> None:
    """Take the markers of these shards away, those of compacted segments too."""
    folder = TimelineFolder(timeline)
    groups = list(folder.groups())
    wanted = groups if group is None else [groups[group]]
    units = plan_units(census_of(timeline), groups, folder.settings)
    gone = {unit.key for unit in units if unit.shard in shards and unit.group in wanted}
    for path in (timeline / "segments").glob("*.json"):
        if gone & set(folder.segments.marker(path.stem).members):
            path.unlink()


def clear(timeline: Path) -> None:
    """Take all generations away, and CURRENT."""
    shutil.rmtree(timeline / "generations")
    (timeline / "generations").mkdir()
    (timeline / "CURRENT").unlink()


def everything(made: tuple[TrainingRun, Path]) -> PhraseSet:
    """The phrases of both groups as they are kept."""
    return PhraseSet.of(
        phrase for phrases in TimelineFolder(made[1] / "timeline").groups().values() for phrase in phrases
    )


def test_generation_of_two_groups_is_the_oracles(made: tuple[TrainingRun, Path]) -> None:
    """Both groups stand in one generation, each phrase with the oracle's numbers."""
    run, folder = made
    generations.assert_equals(folder / "timeline", run.expected(everything(made)))


@pytest.mark.parametrize("block", [2, 3, 64])
def test_compaction_does_not_change_the_logical_digest(timeline: Path, block: int) -> None:
    """Blocks of 2, 3 or 64 segments: other segments, the same rows in every table."""
    before = generations.logical_digest(timeline)
    clear(timeline)
    publish(TimelineFolder(timeline), census_of(timeline), block)
    assert generations.logical_digest(timeline) == before
    assert len(generations.facts(timeline)["segments"]) == {2: 2 * 4, 3: 2 * 3, 64: 2 * SHARDS}[block]


def test_ranges_of_phrases_do_not_change_the_logical_digest(timeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built five phrases at a time, the generation is the one that was built at once."""
    before = generations.logical_digest(timeline)
    clear(timeline)
    monkeypatch.setattr(phrase_tables, "PHRASES_A_RANGE", 5)
    publish(TimelineFolder(timeline), census_of(timeline))
    assert generations.logical_digest(timeline) == before


def test_logical_digest_tells_different_content_apart(timeline: Path) -> None:
    """Without one shard's segments the digest is another: it says something."""
    before = generations.logical_digest(timeline)
    forget(timeline, {2})
    clear(timeline)
    publish(TimelineFolder(timeline), census_of(timeline))
    assert generations.logical_digest(timeline) != before


def test_published_phrases_are_in_order_and_numbered_from_zero(timeline: Path) -> None:
    """Phrases are sorted by text, gap and sentence end over all groups, as the documents promise."""
    rows = generations.query(timeline, "SELECT phrase_id, phrase, coalesce(gap, 0), sentence_end FROM phrases")
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert [row[1:] for row in rows] == sorted(row[1:] for row in rows)


@pytest.mark.parametrize("missing", [{0}, {3}, {6}, {0, 6}, {1, 2, 4}])
def test_missing_segments_are_missing_coverage(
    made: tuple[TrainingRun, Path], timeline: Path, missing: set[int]
) -> None:
    """What the other shards hold is published with the oracle's numbers, and the coverage says what is not there."""
    run, _ = made
    forget(timeline, missing)
    clear(timeline)
    publish(TimelineFolder(timeline), census_of(timeline))
    generations.assert_equals(timeline, run.expected(everything(made), shards=set(range(SHARDS)) - missing))
    holes = [slot for slot, row in enumerate(run.slots) if run.shards_in_rows[row] & missing]
    whole = set(range(run.steps)) - {slot // run.batch for slot in holes}
    with Timeline.open(timeline) as opened:
        for answer in opened.coverage():
            assert {batch for a, b in answer.ranges for batch in range(a, b)} == whole
            assert answer.missing_shards == tuple(sorted(missing))
            assert not answer.complete


@pytest.mark.parametrize("group", [0, 1, None])
def test_current_never_moves_to_less(timeline: Path, group: int | None) -> None:
    """With segments gone, publishing is refused with a sentence, and the current generation stays and answers."""
    before, files = (timeline / "CURRENT").read_bytes(), set((timeline / "generations").iterdir())
    forget(timeline, {4}, group)
    with pytest.raises(TimelineError, match=r"cover less than its current generation .* Index again"):
        publish(TimelineFolder(timeline), census_of(timeline))
    assert (timeline / "CURRENT").read_bytes() == before
    assert set((timeline / "generations").iterdir()) == files
    with Timeline.open(timeline) as opened:
        assert all(answer.complete for answer in opened.coverage())


def test_lost_group_is_a_loss(timeline: Path) -> None:
    """When the phrases of a whole group are gone, publishing is refused too."""
    next((timeline / "groups").iterdir()).unlink()
    with pytest.raises(TimelineError, match="cover less"):
        publish(TimelineFolder(timeline), census_of(timeline))


HARMS = {
    "no CURRENT": lambda timeline: (timeline / "CURRENT").unlink(),
    "empty CURRENT": lambda timeline: (timeline / "CURRENT").write_bytes(b""),
    "garbage in CURRENT": lambda timeline: (timeline / "CURRENT").write_bytes(b"\xff\x00\xfe"),
    "CURRENT leads elsewhere": lambda timeline: (timeline / "CURRENT").write_text("../../etc/passwd\n"),
    "CURRENT names no file": lambda timeline: (timeline / "CURRENT").write_text("0123.duckdb\n"),
    "generation is gone": lambda timeline: generations.current(timeline).unlink(),
    "generation is empty": lambda timeline: generations.current(timeline).write_bytes(b""),
    "generation is cut": lambda timeline: _cut(generations.current(timeline), 3),
    "generation is another file": lambda timeline: generations.current(timeline).write_bytes(b"x" * 100_000),
    "another file is current": lambda timeline: _other(timeline, b"x" * 100_000),
    "a foreign database is current": lambda timeline: _foreign(timeline),
}


def _cut(path: Path, part: int) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // part])


def _other(timeline: Path, content: bytes) -> None:
    (timeline / "generations" / "0123.duckdb").write_bytes(content)
    (timeline / "CURRENT").write_text("0123.duckdb\n")


def _foreign(timeline: Path) -> None:
    with duckdb.connect(str(timeline / "generations" / "0123.duckdb")) as connection:
        connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    (timeline / "CURRENT").write_text("0123.duckdb\n")


@pytest.mark.parametrize("harm", HARMS)
def test_half_published_timeline_is_refused_and_mended_by_publishing(timeline: Path, harm: str) -> None:
    """Questions get a sentence that says what to do, and `publish` brings the same answers back from the segments."""
    before = generations.logical_digest(timeline)
    HARMS[harm](timeline)
    with pytest.raises(TimelineError, match="exposure publish"):
        Timeline.open(timeline)
    publish(TimelineFolder(timeline), census_of(timeline))
    assert generations.logical_digest(timeline) == before


def test_whole_generation_is_not_built_again(timeline: Path) -> None:
    """Publishing what is published leaves the very file."""
    file = generations.current(timeline)
    before = (file.stat().st_mtime_ns, file.stat().st_ino)
    assert publish(TimelineFolder(timeline), census_of(timeline)) == file
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_scan_that_ends_while_segments_are_gathered_is_not_claimed(
    timeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that appears after its group's were listed is neither read nor covered; the next time it is both."""
    whole = generations.logical_digest(timeline)
    folder, clear_marker = TimelineFolder(timeline), {}
    unit = plan_units(census_of(timeline), [next(iter(folder.groups()))], folder.settings)[3]
    marker = folder.segments.marker_path(unit.key)
    clear_marker[marker] = marker.read_bytes()
    marker.unlink()
    clear(timeline)

    def compact_slowly(*arguments: Any) -> list[str]:
        keys = compact(*arguments)
        marker.write_bytes(clear_marker[marker])
        return keys

    monkeypatch.setattr(module, "compact", compact_slowly)
    publish(folder, census_of(timeline))
    with Timeline.open(timeline) as opened:
        assert sorted(answer.missing_shards for answer in opened.coverage()) == [(), (3,)]
    monkeypatch.undo()
    publish(folder, census_of(timeline))
    assert generations.logical_digest(timeline) == whole


def test_group_published_meanwhile_by_another_process_is_kept(timeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one process waits for the lock another adds phrases: both groups stand in what is current afterwards."""
    folder = TimelineFolder(timeline)
    real = TimelineFolder.locked
    meddled: list[bool] = []

    def locked_after_another(self: TimelineFolder) -> Any:
        if not meddled:
            meddled.append(True)
            index_corpus(census_manifest(timeline), PhraseSet.of([Phrase("dogs")]), timeline, IndexOptions())
        return real(self)

    monkeypatch.setattr(TimelineFolder, "locked", locked_after_another)
    publish(folder, census_of(timeline))
    with Timeline.open(timeline) as opened:
        assert all(answer.complete for answer in opened.coverage())
        assert opened.has_phrase("dogs")


def census_manifest(timeline: Path) -> Path:
    """The timeline's own manifest."""
    return timeline / "order.json"


def test_publishing_beside_an_open_timeline_disturbs_neither(timeline: Path) -> None:
    """A reader in the same process keeps its generation while a new one is published, and both can be read."""
    with Timeline.open(timeline) as opened, Timeline.open(timeline) as again:
        before = opened.coverage()
        index_corpus(census_manifest(timeline), PhraseSet.of([Phrase("a b c d")]), timeline, IndexOptions())
        assert opened.coverage() == again.coverage() == before
        with Timeline.open(timeline) as newer:
            assert len(newer.coverage()) == len(before) + 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "ATTACH '{folder}/new.duckdb'",
        "COPY phrases TO '{folder}/stolen.csv'",
        "EXPORT DATABASE '{folder}/stolen'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSERT INTO meta VALUES ('a', '1')",
        "DROP TABLE phrases",
        "CREATE TABLE more (a INTEGER)",
    ],
)
def test_open_generation_reaches_no_file_and_changes_nothing(tmp_path: Path, statement: str) -> None:
    """Statements that read or write other files, load extensions, or change the generation or the limits all fail."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with Timeline.open(worlds.timeline()) as opened, pytest.raises(duckdb.Error):
        opened.cursor().execute(statement.format(file=secret, folder=tmp_path)).fetchall()
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_failed_publication_leaves_nothing_behind(timeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When DuckDB fails half-way there is no half file, and the sentence says what to do; afterwards it works."""
    before = (timeline / "CURRENT").read_bytes()
    (timeline / "CURRENT").unlink()
    shutil.rmtree(timeline / "generations")
    (timeline / "generations").mkdir()

    def fail(*arguments: Any) -> None:
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(module, "append_meta", fail)
    with pytest.raises(TimelineError, match=r"could not be written .*No space left.*exposure publish"):
        publish(TimelineFolder(timeline), census_of(timeline))
    assert list((timeline / "generations").iterdir()) == []
    monkeypatch.undo()
    publish(TimelineFolder(timeline), census_of(timeline))
    assert (timeline / "CURRENT").read_bytes() == before


def test_harmed_segment_stops_publication_by_name(timeline: Path) -> None:
    """A changed segment is never published: its file and its marker are named, and the current generation stays."""
    forget(timeline, {0})
    clear(timeline)
    path = Random(1).choice(sorted((timeline / "segments").glob("*.counts.parquet")))
    while not (timeline / "segments" / f"{path.name.split('.')[0]}.json").exists():
        path = Random(path.name).choice(sorted((timeline / "segments").glob("*.counts.parquet")))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(TimelineError, match=r"has changed since it was written\. Delete \w+\.json"):
        publish(TimelineFolder(timeline), census_of(timeline))
    assert not (timeline / "CURRENT").exists()


def test_what_a_generation_covers_is_read_back(timeline: Path) -> None:
    """read_published gives the order, its full batches and each group's coverage; None for what is no generation."""
    found = read_published(generations.current(timeline))
    order: DataOrder = TimelineFolder(timeline).order
    assert found is not None
    assert found.order_digest == order.digest
    assert found.whole_batches == order.slots // order.batch_sequences
    assert {one.covered_batches for one in found.coverage.values()} == {order.steps}
    assert set(found.coverage) == set(TimelineFolder(timeline).groups())
    assert read_published(timeline / "order.json") is None
    assert read_published(timeline / "missing.duckdb") is None
    with connect(generations.current(timeline)) as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE key = 'version'").fetchall() == [(1,)]


def test_segments_of_another_group_are_not_mistaken(timeline: Path) -> None:
    """Each group's segments hold only its own phrases: the numbers of one are never read as the other's."""
    folder = TimelineFolder(timeline)
    for fingerprint, phrases in folder.groups().items():
        units = plan_units(census_of(timeline), [fingerprint], folder.settings)
        segments: SegmentFolder = folder.segments
        numbers = {n for unit in units for n in segments.read(unit.key)[0]["phrase"].to_pylist()}
        assert numbers
        assert max(numbers) < len(phrases)
