"""A disk that is full, or files that may not grow: a sentence, nothing good lost, and the same command ends later."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import generations
import pytest
import worlds
from shell import Answer, command, environment, exposure


def limited(size: int, *arguments: object) -> Answer:
    """`exposure ARGUMENTS` as a process of which no file may grow beyond `size` bytes."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def index(timeline: Path, *options: object) -> list[object]:
    """The command that indexes the small world."""
    return [
        *("index", "--run", worlds.manifest(), "--phrases", worlds.phrase_file(), "--out", timeline, "--grid-every", 3),
        *options,
    ]


def assert_told(answer: Answer) -> None:
    """One sentence that says that work is kept, no traceback."""
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1, answer.err
    assert "Traceback" not in answer.err
    assert "Finished work is kept" in answer.err or "are whole" in answer.err


def markers(timeline: Path) -> dict[str, int]:
    """Finished units and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in (timeline / "segments").glob("*.json")}


def assert_finishes(timeline: Path) -> None:
    """The same command ends well, scans nothing that was finished, and the rows are those of an untroubled timeline."""
    before = markers(timeline) if timeline.exists() else {}
    last = exposure(*index(timeline))
    assert last.status == 0, last
    assert f"{4 - len(before)} of 4 units scanned now" in last.err
    assert {name: time for name, time in markers(timeline).items() if name in before} == before
    assert generations.logical_digest(timeline) == generations.logical_digest(worlds.timeline())


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("size", [100, 2_000, 300_000])
def test_files_that_may_not_grow(tmp_path: Path, size: int, workers: int) -> None:
    """No file of the timeline fits, or some segments do, or all but the generation: told; afterwards it finishes."""
    timeline = tmp_path / "t"
    worlds.timeline()
    answer = limited(size, *index(timeline, "--workers", workers))
    assert_told(answer)
    assert not (timeline / "CURRENT").exists()
    finished = len(markers(timeline)) if timeline.exists() else 0
    assert finished == (4 if size == 300_000 else 0)
    for path in tmp_path.rglob("*.partial*"):
        pytest.fail(f"{path} was left behind")
    assert_finishes(timeline)


def test_generation_that_does_not_fit_leaves_the_current_one(tmp_path: Path) -> None:
    """More phrases, whose generation cannot be written: the one before is current and answers; `publish` mends it."""
    timeline = shutil.copytree(worlds.timeline(), tmp_path / "t")
    before = (timeline / "CURRENT").read_text()
    (tmp_path / "more.txt").write_text("the\nthese\n")
    assert exposure("phrases", tmp_path / "more.txt", "-o", tmp_path / "more.parquet").status == 0
    more = ["index", "--run", worlds.manifest(), "--phrases", tmp_path / "more.parquet", "--out", timeline]
    assert_told(limited(300_000, *more))
    assert (timeline / "CURRENT").read_text() == before
    assert [path.name for path in (timeline / "generations").iterdir()] == [before.strip()]
    assert generations.logical_digest(timeline) == generations.logical_digest(worlds.timeline())
    assert exposure("publish", timeline).status == 0
    assert "2" in exposure("coverage", timeline, "--format", "csv").out
    assert len(generations.query(timeline, "FROM phrase_groups")) == 2


def test_answer_that_does_not_fit_leaves_the_old_file(tmp_path: Path) -> None:
    """--out on a full disk: told, and what was there before stays."""
    out = tmp_path / "answers.jsonl"
    out.write_text("old")
    asked = ["history", worlds.timeline(), worlds.phrases().phrases[0].text, "--format", "jsonl", "--out", out]
    answer = limited(64, *asked)
    assert_told(answer)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of that size mounted on `folder`; skips where that is not allowed."""
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mounting is not permitted: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("size", ["32k", "1m"])
def test_full_disk(tmp_path: Path, size: str) -> None:
    """A file system that fills up while segments or the generation are written; grown, the same command finishes."""
    worlds.timeline()
    with small_disk(tmp_path / "disk", size):
        timeline = tmp_path / "disk" / "t"
        answer = exposure(*index(timeline))
        assert_told(answer)
        assert "No space left" in answer.err or "not enough space" in answer.err.lower() or "full" in answer.err, (
            answer.err
        )
        assert not (timeline / "CURRENT").exists()
        subprocess.run(["mount", "-o", "remount,size=64m", tmp_path / "disk"], check=True)
        assert_finishes(timeline)
