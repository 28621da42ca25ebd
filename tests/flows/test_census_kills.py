"""Making a manifest that is killed or interrupted: no half sidecar, no process left, and finished shards are kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import vocabularies
from corpora import write_shard
from shell import environment, exposure

PATIENCE = 60
TEXTS = [(str(number), f"the cats {number} sat on the mat, and these tables cost 5€ " * 9) for number in range(40)]


EAGER = "import indexer.shard_counting; indexer.shard_counting.PROCESS_BYTES = 1; from exposure.cli import main; main()"
"""`exposure` with as many processes as workers, however little there is to read."""


def start(*arguments: object) -> subprocess.Popen[str]:
    """`exposure ARGUMENTS` as the leader of a process group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-c", EAGER, *map(str, arguments)],
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
        time.sleep(0.005)


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


@pytest.fixture
def init(tmp_path: Path) -> list[object]:
    """`run init` over three shards, the last of which takes very long."""
    for number in range(2):
        write_shard(tmp_path / f"s{number}.jsonl", TEXTS[number:])
    write_shard(tmp_path / "s2.jsonl", TEXTS * 1500)
    tokenizer = vocabularies.saved(tmp_path, vocabularies.sentence_piece())  # the slowest way to count
    return [*init_of(tmp_path, tokenizer), "-o", tmp_path / "run.json"]


def init_of(folder: Path, tokenizer: Path) -> list[object]:
    """`run init` over the shards of a folder, for a stream."""
    shape = ["--packing", "concatenate", "--sequence-length", 64, "--batch-sequences", 2, "--end-of-document", "</s>"]
    return ["run", "init", "--corpus", folder / "s*.jsonl", "--tokenizer", tokenizer, *shape]


def sidecars(tmp_path: Path) -> dict[str, int]:
    """The finished sidecars and when they were written."""
    return {one.name: one.stat().st_mtime_ns for one in (tmp_path / "census").glob("*.parquet")}


def partials(tmp_path: Path) -> list[Path]:
    """What was not finished."""
    return list((tmp_path / "census").glob("*.partial"))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_census(init: list[object], tmp_path: Path, workers: int, sign: signal.Signals) -> None:
    """Ctrl-C is one sentence; whatever the signal, no process stays and what was counted is not counted again."""
    process = start(*init, "--workers", workers)
    until(lambda: len(sidecars(tmp_path)) == 4)
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
    assert "Traceback" not in err
    assert process.returncode == (130 if sign == signal.SIGINT else -sign)
    if sign == signal.SIGINT:
        assert re.fullmatch(r"\s*error: interrupted\. .*\n", err)
        assert partials(tmp_path) == []
    assert not (tmp_path / "run.json").exists()
    before = sidecars(tmp_path)
    write_shard(tmp_path / "s2.jsonl", TEXTS[2:])
    assert exposure(*init).status == 0
    assert {name: time for name, time in sidecars(tmp_path).items() if name in before} == before
    assert len(sidecars(tmp_path)) == 6


def test_killed_in_the_middle_of_a_shard(tmp_path: Path) -> None:
    """Killed while it writes, only whole sidecars carry their names, and the end is as without kills."""
    texts = [(str(number), f"the cats {number} sat on the mat, and these tables " * 60) for number in range(500)]
    for number in range(2):
        write_shard(tmp_path / f"s{number}.jsonl", texts[number:])
    tokenizer = vocabularies.saved(tmp_path, vocabularies.sentence_piece())
    init = init_of(tmp_path, tokenizer)
    for workers in (1, 2):
        process = start(*init, "--workers", workers, "-o", tmp_path / "run.json")
        until(lambda process=process: bool(partials(tmp_path)) or process.poll() is not None)
        process.kill()
        process.communicate()
        until(lambda process=process: not is_alive(process.pid))
        for name in sidecars(tmp_path):
            pq.read_table(tmp_path / "census" / name)
        for partial in partials(tmp_path):
            partial.unlink()
    assert exposure(*init, "-o", tmp_path / "run.json").status == 0
    (tmp_path / "new").mkdir()
    assert exposure(*init, "-o", tmp_path / "new.json", "--census", tmp_path / "new").status == 0
    contents = [{one.name: one.read_bytes() for one in (tmp_path / name).iterdir()} for name in ("census", "new")]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 4
