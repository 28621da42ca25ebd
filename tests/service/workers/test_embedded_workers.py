"""The workers that `exposure serve` starts itself: they do the jobs, and they end with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_models
from child_processes import descendants, is_running, until
from loopback_service import Loopback, loopback

from evaluator.folder import EvaluationFolder
from exposure.client import Client


@pytest.fixture
def service(place: Any, tmp_path: Path) -> Iterator[Loopback]:
    """A service as people start it, with a root and a root of models."""
    roots = ("--root", f"tmp={tempfile.gettempdir()}", "--model-root", f"models={place.models}")
    with loopback(place.directory.path, tmp_path, *roots) as answering:
        until(lambda: len(workers(answering)) == 2)
        yield answering


def workers(service: Loopback) -> list[int]:
    """The worker processes of the service."""
    assert service.process is not None
    return [pid for pid in descendants(service.process.pid) if "service.workers" in command_of(pid)]


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty where it is no more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def index_job(service: Loopback, place: Any) -> str:
    """An index job; its id."""
    asked = {"run": "small", "timeline": "t", "phrase_sets": [place.phrase_set]}
    status, job = service.ask("POST", "/v1/index-jobs", asked)
    assert status == 202, job
    return str(job["id"])


def test_both_kinds_of_jobs_are_done(service: Loopback, place: Any) -> None:
    """Index, then evaluate against what was indexed: both succeed, and their results are there."""
    done = service.ended(index_job(service, place))
    assert done["state"] == "succeeded", done
    text = place.models.parent / "text.txt"
    text.write_text(" ".join(tiny_models.texts()[:20]))
    asked = {
        "name": "e", "checkpoints": {"root": "models", "path": "tiny"}, "pair_set": place.pair_set, "timeline": "t",
        "device": "cpu", "permutations": 20, "bootstrap": 20,
        "measures": ["minimal-pairs", "copying", "induction", "icl"], "icl_tokens": [5, 40],
        "text": [{"root": "tmp", "path": str(text.relative_to(tempfile.gettempdir()))}],
    }  # fmt: skip
    status, job = service.ask("POST", "/v1/evaluations", asked)
    assert status == 202, job
    done = service.ended(job["id"], 120)
    assert done["state"] == "succeeded", done
    assert done["result"]["scored"] == 3
    assert len(EvaluationFolder.open(place.directory.evaluations / "e").series().steps) == 3
    with Client(service.url, service.keys["admin"]) as client:
        rows = client.evaluations.measurements("e", measure="icl-score").rows
        notes = [note for one in client.evaluations.checkpoints("e").rows for note in one.notes]
    assert [(row.step, row.n) for row in rows] == [(0, 1), (2, 1), (7, 1)]
    # Their context is too short for the two others.
    assert sum(note.startswith("copying: not measured") for note in notes) == 3
    assert sum(note.startswith("induction: not measured") for note in notes) == 3


def test_a_service_that_is_killed_leaves_no_process(service: Loopback, slow_place: Any) -> None:
    """kill -9 while a job runs: its workers, their children, and what these started are gone.

    The next start waits for none of them: it takes the job up at once, and no attempt counts as broken.
    """
    job = index_job(service, slow_place)
    assert service.process is not None
    until(lambda: len(descendants(service.process.pid)) >= 3)  # type: ignore[union-attr]
    below = descendants(service.process.pid)
    service.kill()
    until(lambda: not any(map(is_running, below)), 15)
    service.serve()
    until(lambda: service.job(job)["attempt"] == 2, 20)  # a lease is 30 s
    with contextlib.closing(sqlite3.connect(slow_place.directory.jobs)) as store:
        assert store.execute("SELECT broken_attempts, interruptions FROM jobs").fetchall() == [(0, 1)]


def test_a_service_that_restarts_takes_its_jobs_up_again(service: Loopback, slow_place: Any) -> None:
    """SIGTERM while a job runs: nothing is left, the job was given back, and the next start finishes it."""
    job = index_job(service, slow_place)
    until(lambda: service.job(job)["state"] == "running")
    assert service.process is not None
    below = descendants(service.process.pid)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) == 0
    until(lambda: not any(map(is_running, below)), 5)
    service.serve()
    done = service.ended(job, 90)
    assert done["state"] == "succeeded", done


def test_a_worker_that_dies_is_started_again(service: Loopback, place: Any) -> None:
    """kill -9 of both: two new ones, and jobs are done."""
    before = workers(service)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(workers(service)) == 2 and not set(before) & set(workers(service)), 20)
    done = service.ended(index_job(service, place))
    assert done["state"] == "succeeded", done


def test_the_worker_key_is_nobody_elses(service: Loopback) -> None:
    """It stands in no command line and in no environment of the processes."""
    for pid in workers(service):
        command = Path(f"/proc/{pid}/cmdline").read_text()
        environment = Path(f"/proc/{pid}/environ").read_text()
        assert "exp_" not in command
        assert "exp_" not in environment.replace(service.keys["worker"], "")
