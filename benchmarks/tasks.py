"""One timing: a side, on a corpus, with a phrase list; in a process of its own, pinned to its CPUs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Task:
    """What to time. `variant` says how our side matches ("default", "exact", "as-peers"), or which form of a peer.

    `kind` is that of the shard: "jsonl.zst" or "parquet". `cpus` is how many the process may use.
    """

    side: str
    corpus: str
    phrases: str = ""
    kind: str = "jsonl.zst"
    variant: str = "default"
    cpus: int = 1

    @property
    def name(self) -> str:
        """A file name for what it finds."""
        corpus = Path(self.corpus).name
        return "_".join((self.side, self.variant, self.phrases, self.kind, str(self.cpus), corpus)).replace(" ", "-")


@dataclass(frozen=True)
class Outcome:
    """What a timing gave. `setup_seconds` went before: patterns read, automaton built, code warmed up.

    `text_bytes` is the UTF-8 of the texts searched, `matches` and `found` (phrases with a match) are None where nothing
    is looked for. `peak_bytes` is the most memory that the process ever held. `cpu_seconds` is what it and the
    processes that it started computed within `seconds`: less where others had the CPU too, more where it had two.
    """

    seconds: float
    setup_seconds: float
    text_bytes: int
    matches: int | None
    found: int | None
    peak_bytes: int = 0
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """MB/s of uncompressed text."""
        return self.text_bytes / self.seconds / 1e6


class SideFailedError(Exception):
    """A side could not be timed; the message is the last line of what it said."""


def run(task: Task, timeout: float, environment: dict[str, str] | None = None) -> Outcome:
    """Time a task in a fresh process that may use `task.cpus` CPUs; raises SideFailedError with the reason.

    Peers that are not installed fail here too: the reason is theirs.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.sides", json.dumps(asdict(task)), file.name],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                preexec_fn=pinned(task.cpus),
                stderr=subprocess.PIPE,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SideFailedError(f"gave up after {timeout:.0f} s") from error
        if done.returncode:
            raise SideFailedError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
        return Outcome(**json.load(file))


def pinned(cpus: int) -> Callable[[], None]:
    """What binds a new process to so many CPUs, before any library counts them."""
    allowed = sorted(os.sched_getaffinity(0), reverse=True)[:cpus]
    return lambda: os.sched_setaffinity(0, allowed)


def peak_bytes() -> int:
    """The most memory that this process has held (VmHWM: unlike ru_maxrss it begins anew with the program)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("there is no VmHWM in /proc/self/status")
