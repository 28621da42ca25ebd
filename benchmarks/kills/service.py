"""A service at work that is killed, with its workers and their children, and a client that remembers what it heard."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.kills.inputs import PRESET, SETS, Inputs, texts
from benchmarks.kills.processes import descendants, kill_one
from benchmarks.kills.truth import wrong_directory, wrong_evaluation, wrong_jobs, wrong_timeline

VICTIMS = ("service", "worker", "index-child", "evaluation", "making")
PATIENCE = 180.0
FINAL = ("succeeded", "failed", "cancelled")
ATTEMPTS, UNCOUNTED = 3, 10
"""So many attempts of a job may break; so many may end with the service without being counted."""


@dataclass
class Heard:
    """What the service has said, each written to disk before anything else was asked: `facts.jsonl` has it too."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[str, dict[str, Any], str]] = field(default_factory=dict)
    """Idempotency key → (route, request, job)."""
    sets: set[str] = field(default_factory=set)
    """Addresses of pair sets and phrase sets."""
    gone: set[str] = field(default_factory=set)
    """Addresses of what was deleted, and not made again since."""


class ServiceLane:
    """A data directory with a service that is killed and started again on the same port."""

    def __init__(self, inputs: Inputs, folder: Path, random: Random) -> None:
        self.inputs = inputs
        self.data = folder / "data"
        self.data.mkdir()
        self.random = random
        self.heard = Heard()
        self.killed: Counter[str] = Counter()
        self._begun: dict[str, tuple[int, Counter[str]]] = {}
        """Job → its attempt, and the kills, when it was first heard of."""
        self.problems: list[str] = []
        self._facts = os.open(folder / "facts.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._log = folder / "service.log"
        self._port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        roots = ["--root", f"corpus={self.inputs.corpus}", "--root", f"sets={self.inputs.folder}"]
        roots += ["--model-root", f"models={self.inputs.models}"] if self.inputs.has_models else []
        command = [sys.executable, "-m", "exposure", "serve", "--data", str(self.data), "--port", str(self._port)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*command, *roots], stdout=log, stderr=log)
        self.wait(lambda: self.ask("GET", "/v1/health")[0] == 200, "the service does not answer")

    def wait(self, is_so: Callable[[], bool], otherwise: str, seconds: float = PATIENCE) -> None:
        """Wait for something that is bound to happen."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end or (self.process is not None and self.process.poll() is not None):
                raise RuntimeError(f"{otherwise}: {self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)

    def kill(self, victim: str) -> bool:
        """SIGKILL to the service, or to one of its processes; False where there is none of that kind now."""
        assert self.process is not None
        if victim == "service":
            orphans = descendants(self.process.pid)
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            _await_end(set(orphans))
            return True
        return kill_one(self.process.pid, {"index-child": "index"}.get(victim, victim))

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """(status, answer); (0, None) where there was none, so that nothing was said."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            if response.status >= 500:
                self.problems.append(f"{method} {path}: {response.status} {content.decode(errors='replace')}")
            return response.status, json.loads(content) if content else None
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def note(self, *fact: object) -> None:
        """Keep a fact, durably, before anything else is done."""
        os.write(self._facts, (json.dumps(fact) + "\n").encode())
        os.fsync(self._facts)

    def prepare(self) -> None:
        """Register the run."""
        status, answer = self.ask("POST", "/v1/runs", {"name": "run", "root": "corpus", "path": "run.json"})
        if status not in (200, 201):
            raise RuntimeError(f"The run cannot be registered: {answer}")
        self.note("run")

    def work(self, kinds: tuple[str, ...]) -> None:
        """One request that changes something."""
        asked = {"upload": self._upload, "index": self._index, "evaluate": self._evaluate, "delete": self._delete}
        asked[self.random.choice(kinds)]()

    def _upload(self) -> None:
        """A pair set or a phrase set."""
        rows = [json.loads(line) for line in self.inputs.pairs.read_text().splitlines()]
        count = self.random.randint(1, len(rows))
        pairs = [{"uid": row["UID"], "pair_id": row["pairID"], **_sentences(row)} for row in rows[:count]]
        path, body = self.random.choice(
            [("/v1/pair-sets", {"pairs": pairs}), ("/v1/phrase-sets", {"phrases": texts(count)})]
        )
        status, answer = self.ask("POST", path, body)
        if status in (200, 201):
            address = f"{path}/{answer['id']}"
            self.note("set", address)
            self.heard.sets.add(address)
            self.heard.gone.discard(address)

    def _phrase_set(self, number: int) -> str | None:
        status, answer = self.ask("POST", "/v1/phrase-sets", {"root": "sets", "path": f"phrases-{number}.parquet"})
        return answer["id"] if status in (200, 201) else None

    def _index(self) -> None:
        number = self.random.randrange(SETS)
        phrase_set = self._phrase_set(number)
        if phrase_set is not None:
            timeline = f"t{self.random.randrange(4)}"
            self._submit("/v1/index-jobs", {"run": "run", "timeline": timeline, "phrase_sets": [phrase_set]})

    def _evaluate(self) -> None:
        status, answer = self.ask("POST", "/v1/pair-sets", {"root": "sets", "path": "pairs.jsonl"})
        if status in (200, 201):
            request = {
                "name": f"e{self.random.randrange(2)}",
                "checkpoints": {"root": "models", "path": "tiny"},
                "pair_set": answer["id"],
                "presets": [PRESET],
                "device": "cpu",
                "permutations": 10,
                "bootstrap": 10,
            }
            self._submit("/v1/evaluations", request)

    def _submit(self, path: str, request: dict[str, Any]) -> None:
        key = f"key-{self.random.randrange(10**12)}"
        status, job = self.ask("POST", path, request, key)
        if status == 202:
            self.note("job", job["id"], key, path, request)
            self.heard.jobs[job["id"]] = job
            self._begun.setdefault(job["id"], (job["attempt"], self.killed.copy()))
            self.heard.keys[key] = (path, request, job["id"])
            self.heard.gone.discard(_made_by(job))

    def _delete(self) -> None:
        """A timeline or an evaluation, once nobody works on it."""
        address = self.random.choice(["/v1/timelines/t3", "/v1/evaluations/e1"])
        status, _ = self.ask("DELETE", address)
        if status == 204:
            self.note("deleted", address)
            self.heard.gone.add(address)

    def listen(self) -> None:
        """Take note of what became of the jobs."""
        for job in list(self.heard.jobs):
            if self.heard.jobs[job]["state"] in FINAL:
                continue
            status, answer = self.ask("GET", f"/v1/jobs/{job}")
            if status == 200 and answer["state"] != self.heard.jobs[job]["state"]:
                self.note("state", job, answer["state"])
                self.heard.jobs[job] = answer
                self.problems += self._wrong_failure(answer)
            elif status == 404:
                self.problems.append(f"the job {job} was acknowledged, and is lost")

    def _wrong_failure(self, job: dict[str, Any]) -> list[str]:
        """A job that failed although too few attempts can have broken by anything but the end of the service."""
        attempts, before = self._begun[job["id"]]
        since = self.killed - before
        restarts = attempts + since["service"]
        broken = attempts + since.total() - since["service"] + max(0, restarts - UNCOUNTED)
        if job["state"] != "failed" or min(broken, job["attempt"]) >= ATTEMPTS:
            return []
        return [f"the job {job['id']} failed after the kills {dict(since)}: {job['problem']}"]

    def check(self) -> None:
        """Everything that was said is so."""
        for job, heard in self.heard.jobs.items():
            status, answer = self.ask("GET", f"/v1/jobs/{job}")
            if status != 200:
                self.problems.append(f"the job {job} was acknowledged, and is answered with {status}")
            elif heard["state"] in FINAL and answer != heard:
                self.problems.append(f"the job {job} was told as {heard}, and is {answer}")
            elif answer["request"] != heard["request"]:
                self.problems.append(f"the job {job} has another request")
        for key in self.random.sample(sorted(self.heard.keys), min(2, len(self.heard.keys))):
            path, request, job = self.heard.keys[key]
            status, answer = self.ask("POST", path, request, key)
            if status not in (0, 404, 409, 422, 429) and (status != 202 or answer["id"] != job):
                self.problems.append(f"{key} was the job {job}, and is {status} {answer}")
        for address in self.heard.sets - self.heard.gone:
            if self.ask("GET", address)[0] != 200:
                self.problems.append(f"{address} was acknowledged, and is gone")
        self.problems += wrong_jobs(self.data / "jobs.sqlite")

    def check_deleted(self) -> None:
        """What was deleted is gone, unless a job was asked to make it again."""
        busy = {_made_by(job) for job in self.heard.jobs.values() if job["state"] not in FINAL}
        for address in self.heard.gone - busy:
            if self.ask("GET", address)[0] == 200:
                self.problems.append(f"{address} was deleted, and is there")

    def finish(self) -> None:
        """All jobs end; then everything is as it would have been without any kill."""
        self.wait(self._are_final, "the jobs do not end", seconds=600)
        self.check()
        self.check_deleted()
        for address in {_made_by(job) for job in self.heard.jobs.values()} - self.heard.gone:
            self._submit_again(address)
        self.wait(self._are_final, "the last jobs do not end", seconds=600)
        self._check_results()
        assert self.process is not None
        self.process.terminate()
        self.process.wait()
        self.problems += wrong_directory(self.data)

    def _submit_again(self, address: str) -> None:
        """The last request for each thing, so that one that failed three times has its end too."""
        jobs = [job for job in self.heard.jobs.values() if _made_by(job) == address and job["state"] == "failed"]
        for job in jobs[-1:]:
            self._submit("/v1/index-jobs" if job["kind"] == "index" else "/v1/evaluations", job["request"])

    def _are_final(self) -> bool:
        self.listen()
        return all(job["state"] in FINAL for job in self.heard.jobs.values())

    def _check_results(self) -> None:
        numbers = {self.inputs.phrase_set(number): number for number in range(SETS)}
        done: dict[str, set[int]] = {}
        for job in self.heard.jobs.values():
            address = _made_by(job)
            if job["state"] == "succeeded" and address not in self.heard.gone and "t3" not in address:
                if job["kind"] == "evaluate":
                    self.problems += wrong_evaluation(self.inputs, self.data / "evaluations" / job["request"]["name"])
                else:
                    done.setdefault(job["request"]["timeline"], set()).add(numbers[job["request"]["phrase_sets"][0]])
        for timeline, sets in done.items():
            self.problems += wrong_timeline(self.inputs, self.data / "timelines" / timeline, sets)

    def close(self) -> None:
        """End what still runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill("service")
        os.close(self._facts)


def kill_service(
    inputs: Inputs, folder: Path, seed: int, kills: int, only: tuple[str, ...]
) -> tuple[int, dict[str, int], list[str]]:
    """One lane: ask, kill, start again, check; `kills` times, or until something is wrong."""
    random = Random(seed)
    lane = ServiceLane(inputs, folder, random)
    killed = lane.killed
    kinds = ("upload", "index", "index", "delete", *(("evaluate",) if inputs.has_models else ()))
    try:
        lane.start()
        lane.prepare()
        while sum(killed.values()) < kills and not lane.problems:
            for _ in range(random.randint(1, 3)):
                lane.work(kinds)
            victim = random.choice(only)
            time.sleep(random.random() * (0.3 if victim in ("service", "making") else 1.5))
            lane.listen()
            if lane.kill(victim):
                killed[victim] += 1
            if lane.process is not None and lane.process.poll() is not None:
                lane.problems += wrong_directory(lane.data)
                lane.start()
                lane.check()
                lane.check_deleted()
        if not lane.problems:
            lane.finish()
    except RuntimeError as error:
        lane.problems.append(str(error))
    finally:
        lane.close()
    return seed, killed, [f"seed {seed}, kill {sum(killed.values())}: {one}" for one in lane.problems]


def _made_by(job: dict[str, Any]) -> str:
    """The address of what a job makes."""
    request = job["request"]
    return f"/v1/timelines/{request['timeline']}" if job["kind"] == "index" else f"/v1/evaluations/{request['name']}"


def _sentences(row: dict[str, str]) -> dict[str, str]:
    return {name: row[name] for name in ("sentence_good", "sentence_bad")}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await_end(processes: set[int]) -> None:
    """What a killed service had started ends by itself."""
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{one}").exists() for one in processes):
        if time.monotonic() > end:
            raise RuntimeError(f"The processes {processes} of a killed service do not end.")
        time.sleep(0.02)
