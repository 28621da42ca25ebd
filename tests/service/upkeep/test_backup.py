"""`exposure backup`: whole while everything goes on, nothing copied twice, restored by copying."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import kept_directories
import pytest
from report_pages import QUICK
from shell import assert_sentence, command, environment, exposure

from evaluator.folder import EvaluationFolder
from evaluator.measurements import write_measurements
from evaluator.report.build import build_report
from evaluator.report.files import write_report
from exposure.timeline_folder import TimelineFolder
from service.data_directory import DataDirectory, open_data_directory, read_identity
from service.errors import ServiceError
from service.jobs.store import JobStore
from service.upkeep.backup import back_up
from service.upkeep.backup_copier import BackupCopier
from service.upkeep.doctor import examine
from service.upkeep.evaluation_checks import check_evaluation


def test_a_backup_answers_as_its_source(kept, tmp_path):
    """Every answer is the same, the doctor finds nothing, and older generations are not in it."""
    target = tmp_path / "backup"
    before = kept_directories.answers(kept)
    answer = exposure("backup", kept.path, target)
    assert answer.status == 0, answer
    assert examine(target) == []
    assert kept_directories.answers(DataDirectory(target)) == before
    assert len(list((target / "timelines" / "grown" / "generations").iterdir())) == 1
    assert not any(path.name in ("lock", "service.lock") for path in target.rglob("*"))


def test_the_second_time_only_what_changed_is_copied(kept, tmp_path):
    """Nothing when nothing changed; what was removed goes from the backup; one damaged byte of it is told."""
    target = tmp_path / "backup"
    first = back_up(kept.path, target)
    assert first.copied_bytes == first.bytes > 0
    again = back_up(kept.path, target)
    assert again.copied_bytes == kept.jobs.stat().st_size, "only the snapshot of jobs"
    shutil.rmtree(kept.timelines / "holed")
    back_up(kept.path, target)
    assert not (target / "timelines" / "holed").exists()
    assert examine(target) == []
    pairs = next(target.glob("pair-sets/*/pairs.jsonl"))
    pairs.write_bytes(pairs.read_bytes().replace(b"cats", b"rats"))
    assert {finding.place for finding in examine(target)} == {pairs}


def test_a_backup_is_restored_by_serving_a_copy(kept, tmp_path):
    """The copy becomes a data directory of its own: another identity, no backup any more, all answers."""
    back_up(kept.path, tmp_path / "backup")
    shutil.copytree(tmp_path / "backup", tmp_path / "restored")
    restored = open_data_directory(tmp_path / "restored")
    assert "was a backup" in restored.notes[0]
    assert restored.identity != kept.identity == read_identity(tmp_path / "backup")
    assert kept_directories.answers(restored) == kept_directories.answers(kept)
    assert examine(restored.path) == []
    with pytest.raises(Exception, match="holds no backup"):
        back_up(kept.path, restored.path)


def test_other_folders_are_refused(kept, tmp_path):
    """A folder of something else, a backup of another directory, one within the other, a file: one sentence."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "full", kept.path / "backup", kept.path, tmp_path, tmp_path / "file"):
        assert_sentence(exposure("backup", kept.path, target))
    other = open_data_directory(tmp_path / "other")
    back_up(other.path, tmp_path / "backup")
    assert_sentence(exposure("backup", kept.path, tmp_path / "backup"))
    assert_sentence(exposure("backup", tmp_path / "full", tmp_path / "new"))
    assert (tmp_path / "full" / "x").read_text() == "mine"


def test_an_interrupted_backup_is_never_taken_for_whole(kept, tmp_path):
    """Killed at any moment: not served, told by the doctor, and the same command makes it whole."""
    target = tmp_path / "backup"
    back_up(kept.path, target)
    (kept.timelines / "tiny").rename(kept.timelines / "renamed")
    for number in range(4):
        process = subprocess.Popen(command("backup", kept.path, target), env=environment(), stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not (target / "backup-unfinished").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.01 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (target / "backup-unfinished").exists():
            assert any(finding.place.name == "backup-unfinished" for finding in examine(target))
            with pytest.raises(ServiceError, match="interrupted"):
                open_data_directory(target)
        assert set(kept_directories.answers(DataDirectory(target)).values()) & {kept_directories.UNAVAILABLE} == set()
    back_up(kept.path, target)
    assert examine(target) == []
    assert kept_directories.answers(DataDirectory(target)) == kept_directories.answers(kept)


def test_backups_while_all_is_written(kept, workshop, tmp_path):
    """In a loop while generations are published and pruned, timelines removed and made anew, jobs submitted: each
    backup is clean, and each timeline answers as a generation that was current meanwhile."""
    script = """
import sys, shutil, time
from pathlib import Path
from exposure.api.requests import INDEX_EXAMPLE, IndexRequest
from exposure.phrases import Phrase, PhraseSet
from indexer.run import IndexOptions, index_corpus
from service.jobs.store import JobStore
from service.upkeep.prune import prune_timeline
data, run = map(Path, sys.argv[1:])
log = (data.parent / "current.txt").open("a")
def current(name):
    log.write(f"{name} {(data / 'timelines' / name / 'CURRENT').read_text()}")
    log.flush()
store = JobStore(data / "jobs.sqlite")
print("ready", flush=True)
for number in range(10_000):
    phrases = PhraseSet.of([Phrase("cats sleep"), Phrase(f"word {number}")])
    index_corpus(run, phrases, data / "timelines" / "busy", IndexOptions())
    current("busy")
    prune_timeline(data / "timelines" / "busy", 0, False)
    request = IndexRequest.model_validate({**INDEX_EXAMPLE, "timeline": f"t{number}"})
    store.submit("index", request, "tests", None, 10**6)
    if number % 3 == 2:
        (data / "timelines" / "busy").rename(data / "removed" / f"busy-{number}")
        shutil.rmtree(data / "removed" / f"busy-{number}")
"""
    target = tmp_path / "backup"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(kept.path), str(workshop / "run.json")],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        seen = set()
        end = time.monotonic() + 60
        while len(seen) < 2 and time.monotonic() < end:
            before = time.monotonic()
            back_up(kept.path, target)
            assert examine(target) == [], f"after {time.monotonic() - before:.1f} s"
            copy = DataDirectory(target)
            if (copy.timelines / "busy" / "CURRENT").exists():
                seen.add(kept_directories.current(copy.timelines / "busy"))
                kept_directories.logical_digest(copy.timelines / "busy")
            with JobStore(copy.jobs) as store:
                assert len(store.active()) >= 2
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    current = {
        line.split()[1] for line in (kept.path.parent / "current.txt").read_text().splitlines() if line.count(" ")
    }
    assert len(seen - current) <= 1, "the one whose publication was not noted before the kill"
    assert len(seen) > 1
    assert TimelineFolder(target / "timelines" / "tiny").current.exists()


def test_a_report_is_backed_up_as_of_one_moment(kept, tmp_path, monkeypatch):
    """Written anew while it is copied, it is copied again: its list fits its files."""
    folder = EvaluationFolder.open(kept.evaluations / "planted")
    write_measurements(folder, QUICK)
    report = build_report([folder.path], replace(QUICK, sides="good"))
    stage, anew = BackupCopier.stage, []

    def staged(copier, name, *others):
        if name.endswith("report/lags.csv") and not anew:
            anew.append(write_report(report, folder.path / "report"))
        stage(copier, name, *others)

    monkeypatch.setattr(BackupCopier, "stage", staged)
    back_up(kept.path, tmp_path / "backup")
    assert anew
    assert list(check_evaluation(tmp_path / "backup", tmp_path / "backup" / "evaluations" / "planted")) == []
