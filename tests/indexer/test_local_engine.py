"""The local engine: every unit once, by one process or several, and no process left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import chaos
import pytest
from shell import environment
from training_runs import TrainingRun

from exposure.census import Census
from exposure.errors import ExposureError, TokenizerError
from exposure.orders import DataOrder
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit, plan_units
from indexer.engines.local import run_units
from indexer.run import IndexOptions, index_corpus
from indexer.scan import ScanInputs

PHRASES = chaos.phrases(4)


def prepare(folder: Path) -> tuple[TrainingRun, TimelineFolder, list[Unit], ScanInputs]:
    """A timeline in which nothing is scanned, and its four units."""
    run = TrainingRun(chaos.write_shards(folder / "corpus", 3), chaos.write_tokenizer(folder), 20, batch=2)
    manifest = run.manifest(folder)
    order = DataOrder.load(manifest)
    index_corpus(manifest, PHRASES, folder / "whole", IndexOptions())
    timeline = TimelineFolder.create(folder / "t", TimelineFolder(folder / "whole").settings)
    timeline.set_order(order)
    for group in TimelineFolder(folder / "whole").groups().values():
        timeline.admit(group)
    units = plan_units(Census.open(order), list(timeline.groups()), timeline.settings)
    return run, timeline, units, ScanInputs(timeline.path, manifest, Path(order.census), order.digest)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_unit_is_scanned_once_by_any_number_of_workers(tmp_path: Path, workers: int) -> None:
    """Each unit comes back once without an error; the segments are those of one process; progress adds up."""
    run, timeline, units, inputs = prepare(tmp_path)
    told: list[int] = []
    outcomes = list(run_units(inputs, units, workers, told.append))
    assert sorted(unit.key for unit, _ in outcomes) == sorted(unit.key for unit in units)
    assert {error for _, error in outcomes} == {None}
    alone = {path.name: path.read_bytes() for path in (tmp_path / "whole" / "segments").iterdir()}
    assert {path.name: path.read_bytes() for path in timeline.segments.path.iterdir()} == alone
    assert sum(told) == sum(len(document.text) for document in run.corpus.documents)
    assert list(run_units(inputs, [], workers, told.append)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_shard_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, workers: int) -> None:
    """Its unit comes back with a CorpusError that names it, across processes too; the others are finished."""
    run, timeline, units, inputs = prepare(tmp_path)
    run.shards[1].unlink()
    errors = {unit.shard: error for unit, error in run_units(inputs, units, workers, [].append)}
    assert {shard for shard, error in errors.items() if error is None} == {0, 2, 3}
    assert str(run.shards[1]) in str(errors[1])
    assert sorted(unit.shard for unit in units if timeline.segments.has(unit.key)) == [0, 2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_any_other_error_ends_the_work(tmp_path: Path, workers: int) -> None:
    """A tokenizer that is not the manifest's stops everything with its own sentence."""
    _, _, units, inputs = prepare(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(TokenizerError):
        list(run_units(inputs, units, workers, [].append))


def test_worker_that_is_killed_is_a_sentence_and_finished_units_stay(tmp_path: Path) -> None:
    """A worker killed from outside, as by the kernel when memory is short, is told with what to do."""
    run, timeline, units, inputs = prepare(tmp_path)
    endless, content = run.shards[0], run.shards[0].read_bytes()
    endless.unlink()
    os.mkfifo(endless)
    outcomes = run_units(inputs, units, 2, [].append)
    _, error = next(outcomes)
    assert error is None
    for child in children(os.getpid()):
        if "spawn_main" in command_line(child):
            os.kill(child, signal.SIGKILL)
    with pytest.raises(ExposureError, match=r"worker process died.*index the same again.*fewer cores"):
        list(outcomes)
    assert any(timeline.segments.has(unit.key) for unit in units)
    for unit in units:
        if timeline.segments.has(unit.key):
            timeline.segments.verify(unit.key)
    endless.unlink()
    endless.write_bytes(content)
    assert {error for _, error in run_units(inputs, units, 2, [].append)} == {None}
    assert all(timeline.segments.has(unit.key) for unit in units)


def children(parent: int) -> list[int]:
    """The direct children of a process, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def command_line(pid: int) -> str:
    """What a process was started as; empty when it is gone."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


COORDINATOR = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
from indexer.engines.local import _adopt

def wait(seconds):
    time.sleep(seconds)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(2, mp_context=context, initializer=_adopt, initargs=(context.Value("q", 0),))
    futures = [pool.submit(wait, 600) for _ in range(4)]
    print("started", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3, 1.0])
def test_workers_end_when_their_coordinator_is_killed(tmp_path: Path, delay: float) -> None:
    """SIGKILL to the coordinator alone, while workers start or while they are busy for ever: none stays behind."""
    (tmp_path / "coordinator.py").write_text(COORDINATOR)
    variables = environment(PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    with subprocess.Popen(
        [sys.executable, tmp_path / "coordinator.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables
    ) as coordinator:
        assert coordinator.stdout is not None
        assert coordinator.stdout.readline() == b"started\n"
        time.sleep(delay)
        left = children(coordinator.pid)
        assert len(left) >= 2
        coordinator.kill()
    end = time.monotonic() + 20
    while any(map(is_running, left)) and time.monotonic() < end:
        time.sleep(0.05)
    still = [pid for pid in left if is_running(pid)]
    for pid in still:
        os.kill(pid, signal.SIGKILL)
    assert still == []
