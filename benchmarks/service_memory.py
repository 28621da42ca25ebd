"""How much memory the service takes while many clients harm it: `python -m benchmarks.service_memory`.

Resident memory of the service's process, looked at all the time, over what it had before; 200 clients at once send
bodies that are too large (declared, and endless), too slow, or as large as allowed, and 1,000 readers of a job's
events read nothing while events come. The bars are in docs/running-a-service.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.service.flood import MEBIBYTE, PATIENCE_SECONDS, Place, counted, declared, endless, slow, unread, whole
from service.keys.key_file import add_key

EVENT_CHARACTERS = 4_000
CONFIGURATION = """
[limits]
body_seconds = {seconds}
streams = {streams}
connections = {connections}
"""


@dataclass(frozen=True)
class Plan:
    """How many clients, how many readers that read nothing, and how many events of 4,000 characters they are sent."""

    clients: int = 200
    readers: int = 1_000
    events: int = 3_000
    body_seconds: int = 10


@dataclass(frozen=True)
class Result:
    """What one kind of harm came to, in MiB of resident memory."""

    name: str
    before: float
    most: float
    answers: str

    @property
    def growth(self) -> float:
        """By how much the service grew."""
        return self.most - self.before


class Service:
    """A service in a process of its own, over a tiny world."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self.process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[Place, Place]]:
        """(as an admin, as a worker)."""
        keys = {name: add_key(self._folder / "keys", name, (name,)) for name in ("admin", "worker")}
        text = CONFIGURATION.format(seconds=self._plan.body_seconds, streams=self._plan.readers + 10,
                                    connections=self._plan.readers + self._plan.clients + 100)  # fmt: skip
        (self._folder / "service.toml").write_text(text)
        log = self._folder / "service.log"
        command = [sys.executable, "-m", "exposure", "serve", "--data", str(self._folder / "data"), "--port", "0",
                   "--keys", str(self._folder / "keys"), "--config", str(self._folder / "service.toml"), "--no-workers",
                   "--root", f"corpora={self._folder}"]  # fmt: skip
        with log.open("wb") as said:
            self.process = subprocess.Popen(command, stderr=said)
        try:
            port = _port(log, self.process)
            yield Place(port, keys["admin"]), Place(port, keys["worker"])
        finally:
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)

    def mebibytes(self) -> float:
        """Resident memory now."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measure(plan: Plan, folder: Path) -> list[Result]:
    """All kinds of harm, one after the other, to one service."""
    _make_world(folder)
    service = Service(folder, plan)
    with service.running() as (admin, worker):
        return asyncio.run(_measured(service, admin, worker, plan))


async def _measured(service: Service, admin: Place, worker: Place, plan: Plan) -> list[Result]:
    path = "/v1/timelines/tiny/first-seen"
    body = json.dumps({"phrases": [f"{number:07d}" + "x" * 150 for number in range(100_000)]}).encode()
    assert len(body) < 16 * MEBIBYTE
    await whole(admin, path, body)  # what the first large question leaves behind is none of the others'
    results = []
    harms: dict[str, list[Coroutine[Any, Any, int]]] = {
        "declared too large": [declared(admin, path, 64 * MEBIBYTE) for _ in range(plan.clients)],
        "endless": [endless(admin, path, 64) for _ in range(plan.clients)],
        "slow": [slow(admin, path, 8 * MEBIBYTE) for _ in range(plan.clients)],
        "as large as allowed": [whole(admin, path, body) for _ in range(plan.clients)],
    }
    for name, clients in harms.items():
        async with _watched(service) as seen:
            statuses = await asyncio.gather(*clients)
        results.append(Result(name, seen[0], max(seen), counted(list(statuses))))
    results.append(await _events_unread(service, admin, worker, plan))
    assert (await admin.ask("GET", "/v1/health"))[0] == 200
    return results


async def _events_unread(service: Service, admin: Place, worker: Place, plan: Plan) -> Result:
    job, attempt = await _claimed(admin, worker, service)
    writers: list[asyncio.StreamWriter] = []
    async with _watched(service) as seen:
        opened = await asyncio.gather(*[unread(admin, f"/v1/jobs/{job}/events") for _ in range(plan.readers)])
        writers = [writer for _, writer in opened]
        for start in range(0, plan.events, 50):
            lines = [{"type": "note", "data": {"text": f"{number} " + "x" * EVENT_CHARACTERS}}
                     for number in range(start, min(start + 50, plan.events))]  # fmt: skip
            status, answer = await worker.ask(
                "POST", f"/v1/worker/jobs/{job}/lines", {"attempt": attempt, "lines": lines}
            )
            assert status == 204, answer
        await asyncio.sleep(2.0)
    for writer in writers:
        writer.close()
    return Result("readers of events that read nothing", seen[0], max(seen), counted([status for status, _ in opened]))


async def _claimed(admin: Place, worker: Place, service: Service) -> tuple[str, int]:
    """A job that runs: (its id, its attempt)."""
    folder = service._folder
    status, run = await admin.ask("POST", "/v1/runs", {"name": "tiny", "root": "corpora", "path": "run.json"})
    assert status == 201, run
    _, phrases = await admin.ask("POST", "/v1/phrase-sets", {"phrases": ["cats sleep"]})
    assert isinstance(phrases, dict)
    status, job = await admin.ask(
        "POST", "/v1/index-jobs", {"run": "tiny", "timeline": "made", "phrase_sets": [phrases["id"]]}
    )
    assert status == 202, job
    directory = json.loads((folder / "data" / "data.json").read_text())["id"]
    asked = {"worker": "benchmark", "kind": "index", "directory": directory, "wait_seconds": 5}
    status, claim = await worker.ask("POST", "/v1/worker/claims", asked)
    assert status == 200, claim
    assert isinstance(claim, dict)
    return claim["job"]["id"], claim["attempt"]


@contextlib.asynccontextmanager
async def _watched(service: Service) -> AsyncIterator[list[float]]:
    """What the service takes during the block, 20 times a second; the first is before it."""
    await asyncio.sleep(1.0)
    seen = [service.mebibytes()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.05)
            seen.append(service.mebibytes())

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()


def _make_world(folder: Path) -> None:
    """A corpus of one document, its run, and the timeline tiny."""
    (folder / "a.jsonl").write_text(json.dumps({"id": "a", "text": "The cats sleep."}) + "\n")
    (folder / "pairs.csv").write_text("sentence_good,sentence_bad,phrase_good,phrase_bad\n"
                                      "Cats sleep.,Cats sleeps.,cats sleep,cats sleeps\n")  # fmt: skip
    (folder / "data" / "timelines").mkdir(parents=True)
    for command in (
        [
            "run",
            "init",
            "--corpus",
            "a.jsonl",
            "--packing",
            "document-per-row",
            "--batch-sequences",
            "1",
            "-o",
            "run.json",
        ],
        ["phrases", "pairs.csv", "-o", "phrases.parquet"],
        ["index", "--run", "run.json", "--phrases", "phrases.parquet", "--out", "data/timelines/tiny"],
    ):
        subprocess.run([sys.executable, "-m", "exposure", *command], cwd=folder, check=True, capture_output=True)


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (said := log.read_text()).startswith("http"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the service did not begin: {said}")
        time.sleep(0.05)
    return int(said.split(": ")[0].rpartition(":")[2])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("clients", "readers", "events"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan, name))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Plan(asked.clients, asked.readers, asked.events), Path(folder))
    print(f"{'':38}{'before':>9}{'most':>9}{'growth':>9}  MiB; answers     ({os.cpu_count()} cores)")
    for one in results:
        print(f"{one.name:38}{one.before:9.0f}{one.most:9.0f}{one.growth:9.0f}  {one.answers}")


if __name__ == "__main__":
    main()
