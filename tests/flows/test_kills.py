"""Indexing that is killed, interrupted or run twice at once: nothing finished is lost or scanned again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import chaos
import generations
import pytest
import worlds
from shell import command, environment, exposure
from training_runs import TrainingRun

from exposure.phrase_file import write_phrases
from exposure.phrases import CriticalPhrase, Phrase, PhraseSet
from exposure.timeline_folder import TimelineFolder
from exposure.world import World, write_world
from indexer.run import IndexOptions, index_corpus

SHARDS = 12
PATIENCE = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A manifest over twelve shards, and its timeline, indexed without interruption."""
    folder = tmp_path_factory.mktemp("kills")
    files = write_world(World(seed=2, documents=420, shards=SHARDS, pairs_per_paradigm=6), folder / "world")
    manifest = TrainingRun(files.corpus, files.tokenizer, 64, "concatenate", batch=8).manifest(folder)
    index_corpus(manifest, worlds.phrases(), folder / "timeline", IndexOptions())
    return manifest, folder / "timeline"


def start(*arguments: object) -> subprocess.Popen[str]:
    """`exposure ARGUMENTS` as the leader of a process group of its own, as a terminal starts it.

    A shell's background jobs are started with SIGINT ignored, and what they start inherits that.
    """
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def finished(timeline: Path) -> dict[str, int]:
    """The markers of finished units and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in (timeline / "segments").glob("*.json")}


def is_alive(group: int) -> bool:
    """Whether a process of a group is running."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


def end(process: subprocess.Popen[str], whole_group: bool) -> None:
    """SIGKILL to the group or to the coordinator alone; then nothing of the group may stay."""
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
    until(lambda: not is_alive(process.pid))


def assert_same(timeline: Path, whole: Path) -> None:
    """The segments byte for byte, and the rows of the generation."""
    segments = {path.name: path.read_bytes() for path in (whole / "segments").iterdir()}
    found = {p.name: p.read_bytes() for p in (timeline / "segments").iterdir() if not p.name.endswith(".partial")}
    assert found == segments
    assert generations.logical_digest(timeline) == generations.logical_digest(whole)


def test_ten_kills_lose_nothing(whole: tuple[Path, Path], tmp_path: Path) -> None:
    """Killed as each next unit ends, group or coordinator, by one worker or two: the end is as without kills."""
    manifest, rng, timeline = whole[0], Random(7), tmp_path / "t"
    index = ["index", "--run", manifest, "--phrases", worlds.phrase_file(), "--out", timeline]
    seen: dict[str, int] = {}
    for kill in range(10):
        process = start(*index, "--workers", 1 if kill % 3 else 2)
        until(lambda kill=kill, process=process: len(finished(timeline)) > kill or process.poll() is not None)
        time.sleep(rng.random() * 0.05)
        end(process, whole_group=kill % 2 == 0)
        now = finished(timeline)
        assert {name: now.get(name) for name in seen} == seen, "a finished unit was scanned again, or lost"
        seen = now
    last = exposure(*index)
    assert last.status == 0
    assert f"{SHARDS - len(seen)} of {SHARDS} units scanned now" in last.err
    now = finished(timeline)
    assert {name: now[name] for name in seen} == seen
    assert_same(timeline, whole[1])


def test_kills_at_any_moment_leave_a_timeline_that_answers_or_says_why(
    whole: tuple[Path, Path], tmp_path: Path
) -> None:
    """From the making of the folder to the publication: each kill leaves a sentence or an answer, and work to go on."""
    manifest, rng, timeline = whole[0], Random(8), tmp_path / "t"
    index = ["index", "--run", manifest, "--phrases", worlds.phrase_file(), "--out", timeline]
    began = time.monotonic()
    start(*index[:-1], tmp_path / "measured").communicate(timeout=PATIENCE)
    lasts = time.monotonic() - began
    for kill in range(8):
        process = start(*index)
        time.sleep(lasts * (0.3 + 0.7 * (kill + rng.random()) / 8))
        end(process, whole_group=True)
        said = exposure("coverage", timeline)
        assert said.status in (0, 1)
        assert "Traceback" not in said.err
        if kill % 2 and (timeline / "CURRENT").exists():
            (timeline / "CURRENT").unlink()
            shutil.rmtree(timeline / "generations")
            (timeline / "generations").mkdir()
    assert exposure(*index).status == 0
    assert_same(timeline, whole[1])
    assert [path for path in (timeline / "generations").iterdir() if path.suffix != ".duckdb"] == []


def test_kills_while_publishing_leave_the_current_generation(whole: tuple[Path, Path], tmp_path: Path) -> None:
    """A new generation killed half-way: the one before is current and answers, and no half file is taken for whole."""
    timeline = shutil.copytree(whole[1], tmp_path / "t")
    before = (timeline / "CURRENT").read_text()
    folder = TimelineFolder(timeline)
    folder.admit(PhraseSet.of([Phrase("never ever")]))  # publishing makes another generation now
    half = timeline / "generations" / ".0123.duckdb.99-abcd.partial"
    half.write_bytes(b"half")
    half.with_name(half.name + ".wal").write_bytes(b"half")
    for kill in range(4):
        process = start("publish", timeline)
        until(lambda process=process: is_writing(timeline) or process.poll() is not None)
        time.sleep(0.005 * kill)
        end(process, whole_group=True)
        half.write_bytes(b"half")
        current = (timeline / "CURRENT").read_text()
        assert exposure("coverage", timeline).status == 0
        assert generations.facts(timeline)["version"] == 1
        if current == before:
            assert generations.logical_digest(timeline) == generations.logical_digest(whole[1])
    assert exposure("publish", timeline).status == 0
    assert len(generations.query(timeline, "FROM phrase_groups")) == 2


def is_writing(timeline: Path) -> bool:
    """Whether a generation is half written, other than the one that the test put there."""
    return any("99-abcd" not in path.name for path in (timeline / "generations").glob(".*.partial"))


@pytest.fixture
def endless(tmp_path: Path) -> tuple[list[object], Path, Path]:
    """Indexing that never ends, its last shard being a pipe into which nobody writes; the timeline; the pipe."""
    shards = chaos.write_shards(tmp_path / "corpus", 3)
    run = TrainingRun(shards, chaos.write_tokenizer(tmp_path), 20, batch=2)
    manifest = run.manifest(tmp_path)
    rows = [CriticalPhrase("list", str(i), "good", one) for i, one in enumerate(chaos.phrases(1))]
    write_phrases(tmp_path / "phrases.parquet", rows, {})
    shards[-1].rename(tmp_path / "kept")
    os.mkfifo(shards[-1])
    timeline = tmp_path / "t"
    return (
        ["index", "--run", manifest, "--phrases", tmp_path / "phrases.parquet", "--out", timeline],
        timeline,
        shards[-1],
    )


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interruption_ends_every_process(
    endless: tuple[list[object], Path, Path], tmp_path: Path, workers: int, sign: signal.Signals
) -> None:
    """Ctrl-C to the group is one sentence and status 130; a signal to the coordinator alone leaves no worker either."""
    index, timeline, pipe = endless
    process = start(*index, "--workers", workers)
    until(lambda: len(finished(timeline)) == 3)
    if sign == signal.SIGINT:
        os.killpg(process.pid, sign)
    else:
        process.send_signal(sign)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    until(lambda: not is_alive(process.pid))
    assert out == ""
    if sign == signal.SIGINT:
        assert process.returncode == 130
        assert re.fullmatch(r"\s*error: interrupted\. Finished work is kept: .*\n", err)
    else:
        assert process.returncode == -sign
        assert "Traceback" not in err
    assert len(finished(timeline)) == 3
    before = finished(timeline)
    pipe.unlink()
    (tmp_path / "kept").rename(pipe)
    assert "1 of 4 units scanned now" in exposure(*index).err
    assert {name: time for name, time in finished(timeline).items() if name in before} == before


def test_two_indexings_of_one_timeline_at_once(whole: tuple[Path, Path], tmp_path: Path) -> None:
    """Two processes with different phrases, started together in a new folder: both end well, and all is there."""
    manifest, timeline = whole[0], tmp_path / "t"
    half = len(worlds.phrases()) // 2
    sets = [worlds.phrases().phrases[:half], worlds.phrases().phrases[half // 2 :]]
    for number, phrases in enumerate(sets):
        rows = [CriticalPhrase("list", str(i), "good", one) for i, one in enumerate(phrases)]
        write_phrases(tmp_path / f"{number}.parquet", rows, {})
    for _ in range(2):
        processes = [
            start("index", "--run", manifest, "--phrases", tmp_path / f"{n}.parquet", "--out", timeline) for n in (0, 1)
        ]
        for process in processes:
            _, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, err
    found, expected = generations.read(timeline), generations.read(whole[1])
    assert found == expected
    covered = generations.query(timeline, "SELECT covered_batches, missing_shards FROM phrase_groups")
    assert covered == [(generations.facts(whole[1])["steps"], [])] * len(covered)
