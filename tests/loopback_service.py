"""A service as a process on loopback that can be killed and started again under the same address; and its workers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from child_processes import until

from service.keys.key_file import add_key

SERVE = """
import service.jobs.leases as leases
leases.LEASE_SECONDS, leases.HEARTBEAT_SECONDS = {lease}, {heartbeat}
from exposure.cli import main
main()
"""
WORK = """
import sys
from service.workers.worker import Worker
Worker.__init__.__defaults__ = ({{kind: (sys.executable, "-c", {child!r}) for kind in ("index", "evaluate")}},)
from exposure.cli import main
main()
"""


@dataclass
class Loopback:
    """A data directory, its service, and the workers that were started for it."""

    data: Path
    folder: Path
    options: tuple[str, ...] = ()
    lease: float = 30.0
    heartbeat: float = 5.0
    keys: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A free port, which stays the same; keys for everything and for workers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ("admin", "worker"):
            self.keys[name] = add_key(self.folder / "keys", name, (name,))

    @property
    def log(self) -> Path:
        """What the service said."""
        return self.folder / "service.log"

    def serve(self) -> None:
        """Start the service, again under the same address."""
        code = SERVE.format(lease=self.lease, heartbeat=self.heartbeat)
        arguments = ["serve", "--data", str(self.data), "--port", str(self.port), "--keys", str(self.folder / "keys")]
        with self.log.open("ab") as log:
            self.process = self._start([sys.executable, "-c", code, *arguments, *self.options], log)
        until(self._is_answering, 45)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def work(self, *options: str, child: str | None = None, key: str | None = None) -> subprocess.Popen[bytes]:
        """Start a worker for index jobs; `child` is the source of another child."""
        start = ["-m", "exposure"] if child is None else ["-c", WORK.format(child=child)]
        arguments = ["worker", "--service", self.url, "--kind", "index", "--data", str(self.data), *options]
        environment = {**os.environ, "EXPOSURE_WORKER_KEY": key or self.keys["worker"]}
        with (self.folder / "worker.log").open("ab") as log:
            return self._start([sys.executable, *start, *arguments], log, environment)

    def ask(self, method: str, path: str, body: Any = None, key: str = "admin") -> tuple[int, Any]:
        """(status, answer)."""
        headers = {"Authorization": f"Bearer {self.keys[key]}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def job(self, name: str) -> dict[str, Any]:
        """The job as it is now."""
        status, job = self.ask("GET", f"/v1/jobs/{name}")
        assert status == 200, job
        return dict(job)

    def ended(self, name: str, seconds: float = 45.0) -> dict[str, Any]:
        """The job, once it has ended."""
        until(lambda: self.job(name)["state"] in ("succeeded", "failed", "cancelled"), seconds)
        return self.job(name)

    def said(self) -> str:
        """What the workers said so far."""
        return (self.folder / "worker.log").read_text()

    def _start(
        self, command: list[str], log: Any, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=environment)
        self.started.append(process)
        return process

    def _is_answering(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return self.ask("GET", "/v1/health")[0] == 200
        return False


@contextlib.contextmanager
def loopback(data: Path, folder: Path, *options: str, **fields: Any) -> Iterator[Loopback]:
    """A service that answers, and at the end nothing that was started for it."""
    made = Loopback(data, folder, options, **fields)
    try:
        made.serve()
        yield made
    finally:
        for process in made.started:
            process.kill()
            process.wait()
