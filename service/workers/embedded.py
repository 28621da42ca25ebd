"""The workers that the service starts itself: processes on this machine that end with it, however it ends."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import TypeAdapter

from exposure.api.requests import JobKind
from exposure.lifeline import PARENT
from service.settings import Settings
from service.workers.waits import wait_seconds

SETTINGS = TypeAdapter(Settings)
COMMAND = (sys.executable, "-m", "service.workers")
STOP_SECONDS = 12.0
"""Between telling workers to end and killing them: time for the processes of their jobs, and to say so."""
STEADY_SECONDS = 60.0
"""One that lived as long as this is started again at once when it dies."""
POLL_SECONDS = 0.2

_log = logging.getLogger("exposure.worker")


@contextmanager
def embedded_workers(settings: Settings, url: str, key: str) -> Iterator[None]:
    """Keep `settings.workers` worker processes at work for the service at `url` during the block.

    Entering starts a thread and returns at once, so it may be done on the event loop's thread; leaving may take
    STOP_SECONDS, and is best done in another thread while the service still answers: jobs are given back then. `key`
    is the worker key, known to the service and to these processes alone (on their standard input, never in a command
    line). A worker that dies is started again, with waits that grow. A service that is killed takes them along.
    Nothing is started where `settings.is_read_only`.
    """
    keepers = [] if settings.is_read_only else _keepers(settings, url, key)
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.stop()
        for keeper in keepers:
            keeper.join()


def _keepers(settings: Settings, url: str, key: str) -> list[Keeper]:
    kinds: list[JobKind] = ["index"] * settings.workers.index
    if settings.workers.evaluate and importlib.util.find_spec("torch") is None:
        _log.warning(
            "No worker for evaluations is started: PyTorch is not installed here. Install exposure[evaluate], or "
            "start one where it is (exposure worker --kind evaluate)."
        )
    else:
        kinds += ["evaluate"] * settings.workers.evaluate
    return [Keeper(kind, _told(settings, url, key, kind)) for kind in kinds]


def _told(settings: Settings, url: str, key: str, kind: JobKind) -> bytes:
    told = {"service": url, "key": key, "kind": kind, "settings": SETTINGS.dump_python(settings, mode="json")}
    return json.dumps(told).encode()


class Keeper(threading.Thread):
    """Keeps one worker process running. The process ends with this thread, as the kernel sees to."""

    def __init__(self, kind: JobKind, told: bytes) -> None:
        super().__init__(name=f"{kind}-worker", daemon=True)
        self._kind = kind
        self._told = told
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the worker, and with it this thread, within STOP_SECONDS."""
        self._stopped.set()

    def run(self) -> None:
        """Start it, again whenever it died, until stopped."""
        deaths = 0
        while not self._stopped.is_set():
            started = time.monotonic()
            process = self._start()
            while process.poll() is None and not self._stopped.wait(POLL_SECONDS):
                pass
            if self._stopped.is_set():
                _end(process)
                return
            deaths = 1 if time.monotonic() - started > STEADY_SECONDS else deaths + 1
            _log.error("the %s worker ended with status %s; it is started again", self._kind, process.returncode)
            self._stopped.wait(wait_seconds(deaths, most=30.0))

    def _start(self) -> subprocess.Popen[bytes]:
        with tempfile.TemporaryFile() as given:
            given.write(self._told)
            given.seek(0)
            return subprocess.Popen(
                COMMAND,
                stdin=given,
                stdout=subprocess.DEVNULL,
                env={**os.environ, PARENT: str(os.getpid())},
                start_new_session=True,  # Ctrl-C in the terminal of the service is the service's to pass on
            )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
