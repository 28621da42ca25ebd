"""`exposure index --workers 2` over many shards, killed with SIGKILL again and again: what is lost or done twice.

Each time, a moment after two more units have ended, the whole process group is stopped at once and looked at: the
shards that its workers have opened and that have no finished segment are the work that the kill loses. Then it is
killed and started again. Shards that were finished before a start are watched for being opened after it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from benchmarks.corpus import ZSTD_LEVEL, Corpus
from benchmarks.phrase_lists import phrase_list
from exposure.phrase_file import write_phrases
from exposure.phrases import CriticalPhrase, Phrase

SHARDS = 48
"""Fewer than are compacted into one segment, so that each unit keeps its marker."""
KILLS = 6
WORKERS = 2
UNITS_BETWEEN = 2
DELAY_SECONDS = 0.02
"""Each kill comes so much later after a unit's end than the one before, to meet every moment of a unit."""

PATIENCE = 120.0
PHRASES = "10k"


@dataclass
class Resume:
    """What the kills did. `most_lost` is the most units that one worker lost in one kill."""

    units: int
    kills: int = 0
    lost: int = 0
    most_lost: int = 0
    scanned_twice: int = 0
    finished_at_kills: list[int] = field(default_factory=list)


def measure_resume(corpus: Corpus) -> Resume:
    """Kill it KILLS times, then let it end; raises AssertionError where it does not end well."""
    folder = corpus.folder / "resume"
    shutil.rmtree(folder, ignore_errors=True)
    shards = _write_shards(corpus, folder / "shards")
    rows = [CriticalPhrase("list", str(i), "good", Phrase(one)) for i, one in enumerate(phrase_list(corpus, PHRASES))]
    write_phrases(folder / "phrases.parquet", rows, {})
    _exposure("run", "init", "--corpus", folder / "shards" / "*.zst", "--packing", "document-per-row",
              "--batch-sequences", 8, "-o", folder / "run.json").wait()  # fmt: skip
    watch = _Watch(folder / "timeline", shards)
    result = Resume(len(shards))
    index = ["index", "--run", folder / "run.json", "--phrases", folder / "phrases.parquet", "--out",
             watch.timeline, "--workers", WORKERS]  # fmt: skip
    for kill in range(KILLS):
        watch.kill_after(_exposure(*index), UNITS_BETWEEN, kill * DELAY_SECONDS, result)
    before = watch.finished()
    last = _exposure(*index)
    said = last.communicate(timeout=PATIENCE)[1]
    assert last.returncode == 0, said
    scanned = int(re.findall(r"(\d+) of \d+ units scanned now", said)[0])
    result.scanned_twice += scanned - (len(shards) - len(before)) + watch.rewritten(before)
    shutil.rmtree(folder)
    return result


def _write_shards(corpus: Corpus, folder: Path) -> list[Path]:
    """The corpus in SHARDS shards of as many documents each."""
    folder.mkdir(parents=True)
    with zstandard.open(corpus.shard("jsonl.zst"), "rb") as stream:
        lines = stream.read().splitlines(keepends=True)
    paths = [folder / f"{number:03d}.jsonl.zst" for number in range(SHARDS)]
    for number, path in enumerate(paths):
        part = lines[number * len(lines) // SHARDS : (number + 1) * len(lines) // SHARDS]
        path.write_bytes(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(b"".join(part)))
    return paths


def _exposure(*arguments: object) -> subprocess.Popen[str]:
    """`exposure ARGUMENTS` as the leader of a process group."""
    command = [sys.executable, "-m", "exposure", *map(str, arguments)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)


@dataclass
class _Watch:
    """Looks at the segments of a timeline, and at the shards that processes have open."""

    timeline: Path
    shards: list[Path]

    def finished(self) -> dict[int, int]:
        """Shard → when its segment's marker was written, in nanoseconds."""
        found = {}
        for path in (self.timeline / "segments").glob("*.json"):
            unit = json.loads(path.read_text(encoding="utf-8"))["unit"]
            found[unit["shard"]["index"]] = path.stat().st_mtime_ns
        return found

    def rewritten(self, before: dict[int, int]) -> int:
        """How many of the markers that were there are gone or written anew."""
        now = self.finished()
        return sum(now.get(shard) != written for shard, written in before.items())

    def kill_after(self, process: subprocess.Popen[str], more: int, delay: float, result: Resume) -> None:
        """Let `more` units end and `delay` seconds pass, then look and kill; adds to `result`."""
        before = self.finished()
        opened: set[tuple[int, int]] = set()
        deadline = time.monotonic() + PATIENCE
        stop_at = None
        while process.poll() is None and (stop_at is None or time.monotonic() < stop_at):
            opened.update(self._open_shards(process.pid))
            if stop_at is None and len(self.finished()) >= len(before) + more:
                stop_at = time.monotonic() + delay
            assert time.monotonic() < deadline, "no unit ended in two minutes"
        if process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGSTOP)
        opened.update(self._open_shards(process.pid))
        done = self.finished()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        lost = Counter(worker for worker, shard in opened if shard not in done)
        result.kills += 1
        result.lost += lost.total()
        result.most_lost = max([result.most_lost, *lost.values()])
        result.scanned_twice += len({shard for _, shard in opened if shard in before}) + self.rewritten(before)
        result.finished_at_kills.append(len(done))

    def _open_shards(self, group: int) -> Iterator[tuple[int, int]]:
        """(process, shard) of every shard that a process of a group has open."""
        numbers = {str(path): number for number, path in enumerate(self.shards)}
        for process in _processes_of(group):
            for handle in Path(f"/proc/{process}/fd").glob("*"):
                try:
                    target = str(handle.readlink())
                except OSError:
                    continue  # closed meanwhile
                if target in numbers:
                    yield process, numbers[target]


def _processes_of(group: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(fields[2]) == group:
            yield int(stat.parent.name)
