"""A service as its users start it: a process on loopback with workers of its own, over a small generated world."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import tiny_models
from shell import command, environment
from training_runs import TrainingRun

from exposure.world import World, write_world

STEPS = (0, 50, 100)
"""Of the model's checkpoints."""


def make_world(folder: Path) -> None:
    """A corpus with its run.json, pairs.jsonl, and checkpoints of a tiny model in models/toy; an empty data/."""
    files = write_world(World(seed=4, documents=420, pairs_per_paradigm=8), folder / "world")
    TrainingRun(files.corpus, files.tokenizer, 64, batch=4).manifest(folder)
    shutil.copy(files.pairs, folder / "pairs.jsonl")
    for step in STEPS:
        shutil.copytree(tiny_models.checkpoint("gpt_neox", step), folder / "models" / "toy" / f"step-{step}")
    (folder / "data").mkdir()


@dataclass
class Served:
    """`exposure serve` in `folder`, at `url`; its log is in `log`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, port: int = 0, *options: str) -> Served:
        """Start it, and return once it answers; `port` 0 takes a free one."""
        log = folder / "serve.log"
        arguments = ("serve", "--data", "data", "--port", port or free_port())
        named = ("--root", "corpora=.", "--model", "toy=models/toy")
        with log.open("wb") as file:
            process = subprocess.Popen(
                command(*arguments, *named, *options), cwd=folder, env=environment(), stderr=file, stdout=file
            )
        served = cls(folder, int(arguments[-1]), process)
        served._wait_for_answers()
        return served

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "serve.log").read_text(errors="replace")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait for its end."""
        self.process.send_signal(how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait_for_answers(self) -> None:
        limit = time.monotonic() + 60
        while not re.search(rf"{re.escape(self.url)}: ", self.log) or not self._accepts():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < limit, self.log
            time.sleep(0.05)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of loopback on which nothing listens now, so that a service that is started again has the same one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
