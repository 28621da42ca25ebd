"""The job store under `kill -9`: a process hammers it from several threads, is killed at any moment, and starts again.

    python -m benchmarks.store_kills --kills 300 --seed 1

Whatever a method returned to the process is written to a file right after (`write` has returned before the next call
begins). After each kill every such fact is looked for in the store as SQLite has it, and everything that stands in the
store must have been asked for. A seed replays what was asked, not the moment of the kill.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from exposure.api.jobs import FINAL, JobProgress
from exposure.api.lines import Line
from exposure.api.requests import IndexRequest
from exposure.errors import ExposureError
from service.errors import BusyError, StaleAttemptError
from service.jobs.outcome import Outcome
from service.jobs.store import JobStore

WORKERS = 2
ACTIVE_LIMIT = 30
THREADS = WORKERS + 2
"""Workers, one who asks and one who cancels: so many facts at most are on disk and were not told."""

Tell = Callable[..., None]


@dataclass
class Kills:
    """What was seen. `problems` is empty, or the store lost or made up something."""

    kills: int = 0
    facts: int = 0
    jobs: int = 0
    problems: list[str] = field(default_factory=list)


def hammer(store: Path, facts: Path, seed: int) -> None:
    """Use the store until killed; every fact a line of JSON in `facts`, written once its call has returned."""
    file = os.open(facts, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(*fact: object) -> None:
        os.write(file, (json.dumps(fact) + "\n").encode())

    jobs = JobStore(store)
    work = [lambda: _ask(jobs, tell, Random(seed)), lambda: _cancel(jobs, tell, Random(seed + 1))]
    work += [lambda name=f"{seed}-{n}", n=n: _work(jobs, tell, Random(seed + 2 + n), name) for n in range(WORKERS)]
    threads = [Thread(target=one, daemon=True) for one in work]
    tell("started")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(store: JobStore, tell: Tell, random: Random) -> None:
    number = 0
    while True:
        number += 1
        name = f"t{random.randrange(40)}"
        key = f"{random.randrange(1 << 40)}"
        request = IndexRequest(run="r", timeline=name, phrase_sets=["a" * 40])
        try:
            job, is_new = store.submit("index", request, "me", key, ACTIVE_LIMIT)
        except BusyError:
            time.sleep(0.01)
            continue
        tell("submitted", job.id, name, key, is_new)


def _cancel(store: JobStore, tell: Tell, random: Random) -> None:
    while True:
        time.sleep(random.random() * 0.05)
        active = store.active()
        if active:
            job = store.cancel(random.choice(active).id)
            tell("cancelled", job.id, job.state)


def _work(store: JobStore, tell: Tell, random: Random, name: str) -> None:
    # What a killed process left running is gone on with, as a worker does when the service was away.
    share = int(name.rpartition("-")[2])
    for number, job in enumerate(store.active()):
        if job.state == "running" and number % WORKERS == share:
            _attempt(store, tell, random, job.id, job.attempt)
    while True:
        claim = store.claim("index", name)
        if claim is None:
            time.sleep(0.005)
            continue
        tell("claimed", claim.job.id, claim.attempt)
        _attempt(store, tell, random, claim.job.id, claim.attempt)


def _attempt(store: JobStore, tell: Tell, random: Random, job: str, attempt: int) -> None:
    try:
        for _ in range(random.randrange(4)):
            store.heartbeat(job, attempt, JobProgress("scan", random.random(), 1.0, "B"))
            texts = [f"{random.randrange(1 << 60):x}" for _ in range(random.randrange(1, 4))]
            store.add_lines(job, attempt, [Line("note", {"text": text}) for text in texts])
            tell("said", job, attempt, texts)
        outcome = random.choice(
            [
                Outcome("succeeded", {"made": f"{job}-{attempt}"}),
                Outcome("failed", problem=f"No shard {random.randrange(1000)}."),
                Outcome("failed", problem="It crashed.", is_retryable=True),
            ]
        )
        ended = store.finish(job, attempt, outcome)
        tell("ended", job, attempt, ended.state, ended.result, ended.problem)
    except StaleAttemptError:
        tell("stale", job, attempt)


def kill_repeatedly(folder: Path, kills: int, seed: int, most_seconds: float = 0.4) -> Kills:
    """Start, kill after a moment, check; `kills` times, on one store in `folder`."""
    random, found = Random(seed), Kills()
    store, facts = folder / "jobs.sqlite", folder / "facts.jsonl"
    for number in range(kills):
        _run_and_kill(store, facts, seed * 100_000 + number * 10, random.random() * most_seconds)
        found.kills += 1
        problems = check(store, facts, found)
        found.problems += [f"seed {seed}, kill {number}: {problem}" for problem in problems]
        if problems:
            break
    return found


def _run_and_kill(store: Path, facts: Path, seed: int, seconds: float) -> None:
    before = facts.stat().st_size if facts.exists() else 0
    command = [sys.executable, "-m", "benchmarks.store_kills", "--hammer", str(store), str(facts), "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    try:
        while process.poll() is None and (not facts.exists() or facts.stat().st_size == before):
            time.sleep(0.002)
        time.sleep(seconds)
    finally:
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise RuntimeError(f"The hammering process ended by itself, with status {process.returncode}.")


def check(store: Path, facts: Path, found: Kills) -> list[str]:
    """What is not so, by SQL on the file itself; also brings the counts of `found` up to date."""
    told = [json.loads(line) for line in facts.read_text().splitlines()]
    connection = sqlite3.connect(store)
    connection.row_factory = sqlite3.Row
    try:
        jobs = {row["id"]: row for row in connection.execute("SELECT * FROM jobs")}
        notes = [
            (row["id"], json.loads(row["data"])["text"])
            for row in connection.execute(
                "SELECT jobs.id, data FROM events JOIN jobs ON jobs.number = events.job WHERE type = 'note'"
            )
        ]
        keys = {
            row["key"]: row["id"]
            for row in connection.execute("SELECT key, id FROM idempotency_keys AS k JOIN jobs ON number = k.job")
        }
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        connection.close()
    found.facts, found.jobs = len(told), len(jobs)
    starts = sum(fact[0] == "started" for fact in told)
    return [
        *([] if sound == "ok" else [f"the file is damaged: {sound}"]),
        *_lost(told, jobs, set(notes), keys),
        *_made_up(told, jobs, notes, starts * THREADS),
    ]


def _lost(
    told: list[list[Any]], jobs: dict[str, sqlite3.Row], notes: set[tuple[str, str]], keys: dict[str, str]
) -> list[str]:
    """Facts that are not so."""
    lost = []
    for kind, *fact in told:
        row = jobs.get(fact[0]) if fact else None
        if fact and row is None:
            lost.append(f"{kind} {fact}: there is no such job")
        elif row is not None and not _holds(kind, fact, row, notes, keys):
            lost.append(f"{kind} {fact}: the store has {dict(row)}")
    return lost


def _holds(kind: str, fact: list[Any], row: sqlite3.Row, notes: set[tuple[str, str]], keys: dict[str, str]) -> bool:
    if kind == "submitted":
        return keys.get(fact[2]) == fact[0] and json.loads(row["request"])["timeline"] == fact[1]
    if kind == "cancelled":
        return row["state"] == fact[1] or (fact[1] == "running" and (row["is_cancelling"] or row["state"] in FINAL))
    if kind == "said":
        return all((fact[0], text) in notes for text in fact[2])
    if kind == "ended" and fact[2] in FINAL:
        result = None if row["result"] is None else json.loads(row["result"])
        return [row["state"], result, row["problem"], row["attempt"]] == [fact[2], fact[3], fact[4], fact[1]]
    return kind == "stale" or int(row["attempt"]) >= fact[1]


def _made_up(
    told: list[list[Any]], jobs: dict[str, sqlite3.Row], notes: list[tuple[str, str]], untold: int
) -> list[str]:
    """What nobody asked for, or what is there twice; `untold` calls may have been cut off before they were told."""
    counted = Counter(fact[0] for fact in told)
    new = sum(fact[0] == "submitted" and fact[4] for fact in told)
    attempts = sum(row["attempt"] for row in jobs.values())
    active = Counter(row["digest"] for row in jobs.values() if row["state"] not in FINAL and not row["is_cancelling"])
    running = Counter(row["claims"] for row in jobs.values() if row["state"] == "running")
    said = sum(len(fact[3]) for fact in told if fact[0] == "said")
    checks = {
        "jobs that nobody asked for": len(jobs) > new + untold,
        "attempts that nobody made": attempts > counted["claimed"] + untold,
        "one request twice": any(count > 1 for count in active.values()),
        "two jobs on one timeline": any(count > 1 for count in running.values()),
        "a line twice": len(notes) != len(set(notes)),
        "lines that nobody said": len(notes) > said + 3 * untold,
    }
    return [what for what, is_so in checks.items() if is_so]


def main() -> int:
    """Print what was seen; 1 where anything was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hammer", nargs=2, type=Path)
    asked = parser.parse_args()
    if asked.hammer:
        hammer(*asked.hammer, asked.seed)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = kill_repeatedly(Path(folder), asked.kills, asked.seed)
    print(f"seed {asked.seed}: {found.kills} kills, {found.facts:,} facts, {found.jobs:,} jobs")
    print("\n".join(found.problems) or "nothing lost, nothing twice")
    return 1 if found.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ExposureError as refused:
        sys.exit(str(refused))
