"""The processes of a measurement: the service as its users start it, and a publisher that never stops."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import urlopen

PATIENCE_SECONDS = 120.0


@dataclass
class Publisher:
    """A process that publishes one timeline again and again."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def published(self) -> int:
        """How often it has."""
        return len(self.log.read_text().splitlines())


@contextlib.contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The URL of a service over `data`, in a process of its own."""
    command = [sys.executable, "-m", "exposure", "serve", "--data", str(data), "--port", "0", "--no-workers"]
    with log.open("w+") as said:
        process = subprocess.Popen(command, stderr=said)
        try:
            yield _url(process, said)
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def publishing(timeline: Path, log: Path) -> Iterator[Publisher]:
    """A process that publishes `timeline` anew as long as the block runs; it has begun when the block does."""
    with log.open("w") as said:
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.service.publisher", str(timeline)], stdout=said,
                                   text=True)  # fmt: skip
    publisher = Publisher(process, log)
    try:
        _wait_for(lambda: publisher.published > 0, process)
        yield publisher
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _url(process: subprocess.Popen[bytes], said: IO[str]) -> str:
    def url() -> str | None:
        said.seek(0)
        return next((word.rstrip(":") for word in said.read().split() if word.startswith("http://127.0.0.1")), None)

    _wait_for(lambda: url() is not None, process)
    found = str(url())
    with urlopen(f"{found}/v1/health", timeout=PATIENCE_SECONDS):
        return found


def _wait_for(is_so, process) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} did not begin.")
        time.sleep(0.05)
