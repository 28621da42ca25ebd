"""A worker, its service and its children as processes: whatever dies, every job ends, and once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from child_processes import descendants, is_running, until
from loopback_service import Loopback, loopback
from shell import exposure

from exposure.timeline import Timeline
from service.data_directory import open_data_directory

CHILD = """
import json, os, sys, time
from pydantic import BaseModel, ConfigDict
from exposure.child import run_child
from exposure.progress import tell
class Spec(BaseModel):
    model_config = ConfigDict(extra="allow")
def work(spec, lines):
    with open({begun!r}, "a") as file: file.write(str(os.getpid()) + chr(10))
    for number in range({ticks}):
        tell("ticking", number, {ticks}, "ticks")
        if number % 10 == 0: lines.write("note", {{"text": str(number)}})
        time.sleep(0.05)
    with open({ended!r}, "a") as file: file.write(str(os.getpid()) + chr(10))
    return {{"ticks": {ticks}}}
sys.exit(run_child(Spec, work))
"""


@pytest.fixture
def ticking(tmp_path: Path) -> Callable[[int], str]:
    """Children that take some twentieths of a second and leave their ids where they begin and end."""

    def of(ticks: int) -> str:
        return CHILD.format(begun=str(tmp_path / "begun"), ended=str(tmp_path / "ended"), ticks=ticks)

    return of


def pids(folder: Path, name: str) -> list[int]:
    """The children that began or ended."""
    path = folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.fixture
def service(place: Any, tmp_path: Path) -> Iterator[Loopback]:
    """A service without workers, whose leases are short."""
    with loopback(place.directory.path, tmp_path, "--no-workers", *roots(place), lease=3.0, heartbeat=0.5) as answering:
        yield answering


def roots(place: Any) -> tuple[str, ...]:
    """The whole temporary tree as a root, since the small world lies elsewhere in it."""
    return ("--root", f"tmp={tempfile.gettempdir()}", "--model-root", f"models={place.models}")


def submit(service: Loopback, place: Any, timeline: str = "t") -> str:
    """An index job; its id."""
    asked = {"run": "small", "timeline": timeline, "phrase_sets": [place.phrase_set]}
    status, job = service.ask("POST", "/v1/index-jobs", asked)
    assert status == 202, job
    return str(job["id"])


def events(service: Loopback, job: str) -> list[dict[str, Any]]:
    """The events of a job that has ended."""
    import urllib.request

    request = urllib.request.Request(
        f"{service.url}/v1/jobs/{job}/events?wait=false", headers={"Authorization": f"Bearer {service.keys['admin']}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def test_a_job_is_done_and_its_result_is_the_shells(service: Loopback, place: Any, tmp_path: Path) -> None:
    """Indexed by a worker: the generation that `exposure index` publishes; --once ends the worker afterwards."""
    job = submit(service, place)
    worker = service.work("--once")
    done = service.ended(job)
    assert done["state"] == "succeeded", done
    assert done["attempt"] == 1
    assert worker.wait(20) == 0
    run, phrases = place.directory.run_manifest("small"), place.directory.phrase_set(place.phrase_set)
    assert exposure("index", "--run", run, "--phrases", phrases, "--out", tmp_path / "shell").status == 0
    with Timeline.open(tmp_path / "shell") as shell, Timeline.open(place.directory.timelines / "t") as mine:
        assert shell.facts["logical_digest"] == mine.facts["logical_digest"]
        assert done["result"]["generation"] == shell.generation.stem
    progress = [event["data"] for event in events(service, job) if event["type"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] > 0


def test_once_without_a_job_ends_at_once(service: Loopback) -> None:
    """Nothing waits: status 0."""
    assert service.work("--once").wait(20) == 0


def test_a_service_that_is_killed_and_comes_back_finds_its_job_going_on(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """kill -9 in the middle, away for longer than a lease, started again: one child, one attempt, every note once."""
    job = submit(service, place)
    service.work(child=ticking(120))
    until(lambda: pids(tmp_path, "begun"))
    service.kill()
    time.sleep(4.0)
    service.serve()
    done = service.ended(job)
    assert (done["state"], done["attempt"], done["result"]) == ("succeeded", 1, {"ticks": 120}), done
    assert pids(tmp_path, "begun") == pids(tmp_path, "ended")
    assert len(pids(tmp_path, "begun")) == 1
    notes = [event["data"]["text"] for event in events(service, job) if event["type"] == "note"]
    assert notes == [str(number) for number in range(0, 120, 10)]


def test_an_outcome_waits_for_a_service_that_is_away(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """The child ends while nobody answers: its outcome is told when the service is back."""
    job = submit(service, place)
    worker = service.work(child=ticking(10))
    until(lambda: pids(tmp_path, "begun"))
    service.kill()
    until(lambda: pids(tmp_path, "ended"))
    time.sleep(1.0)
    assert worker.poll() is None
    service.serve()
    done = service.ended(job)
    assert (done["state"], done["attempt"], done["result"]) == ("succeeded", 1, {"ticks": 10}), done


def test_a_worker_that_is_killed_takes_its_child_along_and_another_one_finishes(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """kill -9 of the worker: its child is gone, the lease runs out, the second attempt succeeds."""
    job = submit(service, place)
    first = service.work(child=ticking(600))
    until(lambda: pids(tmp_path, "begun"))
    (child,) = pids(tmp_path, "begun")
    assert child in descendants(first.pid)
    first.kill()
    first.wait()
    until(lambda: not is_running(child), 10)
    service.work(child=ticking(5))
    done = service.ended(job)
    assert (done["state"], done["attempt"], done["result"]) == ("succeeded", 2, {"ticks": 5}), done
    assert len(pids(tmp_path, "ended")) == 1


def test_a_worker_that_slept_too_long_kills_its_child_and_forgets(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """Stopped for longer than its lease, as a suspended machine: on waking it learns that the job is another's."""
    job = submit(service, place)
    first = service.work(child=ticking(600))
    until(lambda: pids(tmp_path, "begun"))
    (child,) = pids(tmp_path, "begun")
    os.kill(first.pid, signal.SIGSTOP)
    until(lambda: service.job(job)["state"] == "queued", 20)
    service.work("--once", child=ticking(100))
    until(lambda: service.job(job)["attempt"] == 2, 20)
    os.kill(first.pid, signal.SIGCONT)
    until(lambda: not is_running(child), 20)
    done = service.ended(job)
    assert (done["state"], done["attempt"], done["result"]) == ("succeeded", 2, {"ticks": 100}), done
    assert first.poll() is None
    assert "held no longer" in service.said()


def test_a_job_is_cancelled_within_seconds(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """DELETE: the child ends, the worker goes on to the next job."""
    job = submit(service, place)
    service.work(child=ticking(600))
    until(lambda: pids(tmp_path, "begun"))
    (child,) = pids(tmp_path, "begun")
    asked = time.monotonic()
    assert service.ask("DELETE", f"/v1/jobs/{job}")[0] in (200, 202)
    done = service.ended(job, 10)
    assert done["state"] == "cancelled", done
    assert time.monotonic() - asked < 5
    assert not is_running(child)
    other = submit(service, place, "other")
    until(lambda: len(pids(tmp_path, "begun")) == 2)
    service.ask("DELETE", f"/v1/jobs/{other}")
    assert service.ended(other, 10)["state"] == "cancelled"


def test_a_child_that_will_not_end_is_killed(service: Loopback, place: Any, tmp_path: Path) -> None:
    """One that ignores SIGTERM, and has a process below it, is killed with it ten seconds later."""
    deaf = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'begun')!r}, 'w').write(f'{{os.getpid()}} {{below.pid}}')\n"
        "time.sleep(600)\n"
    )
    job = submit(service, place)
    service.work(child=deaf)
    until(lambda: len(pids(tmp_path, "begun")) == 2)
    service.ask("DELETE", f"/v1/jobs/{job}")
    assert service.ended(job, 20)["state"] == "cancelled"
    assert not any(map(is_running, pids(tmp_path, "begun")))


def test_a_worker_that_is_told_to_end_gives_its_job_back(
    service: Loopback, place: Any, tmp_path: Path, ticking: Callable[[int], str]
) -> None:
    """SIGTERM: status 0, the child gone, the job queued at once and not tried in vain; another worker finishes it."""
    job = submit(service, place)
    for _ in range(4):
        worker = service.work(child=ticking(600))
        begun = len(pids(tmp_path, "begun"))
        until(lambda begun=begun: len(pids(tmp_path, "begun")) > begun)  # type: ignore[misc]
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0
        assert service.job(job)["state"] == "queued"
    assert not any(map(is_running, pids(tmp_path, "begun")))
    service.work(child=ticking(5))
    assert service.ended(job)["state"] == "succeeded"


@pytest.mark.parametrize(
    ("child", "word"),
    [
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("raise RuntimeError('CUDA error: an illegal memory access was encountered')", "CUDA error"),
        ("print('no outcome')", "status 0"),
    ],
)
def test_a_crash_hurts_only_the_child(service: Loopback, place: Any, child: str, word: str) -> None:
    """Faults, kills, defects: tried three times, then failed, with how it ended and what it said last."""
    job = submit(service, place)
    worker = service.work(child=child)
    done = service.ended(job)
    assert (done["state"], done["attempt"]) == ("failed", 3)
    assert word in done["problem"]
    assert str(place.directory.path) not in done["problem"]
    assert worker.poll() is None


def test_a_sentence_is_not_tried_again(service: Loopback, place: Any) -> None:
    """A corpus that is gone: failed at the first attempt, saying so, without the paths of this machine."""
    job = submit(service, place)
    place.directory.phrase_set(place.phrase_set).write_bytes(b"nothing of the kind")
    service.work()
    done = service.ended(job)
    assert (done["state"], done["attempt"]) == ("failed", 1), done
    assert place.phrase_set in done["problem"]
    assert str(place.directory.path) not in done["problem"]
    assert "Traceback" not in done["problem"]


def test_another_data_directory_is_refused(service: Loopback, place: Any, tmp_path: Path) -> None:
    """A worker that sees another directory ends with a sentence, and so does one that sees none."""
    other = open_data_directory(tmp_path / "other").path
    mine, service.data = service.data, other
    assert service.work().wait(20) == 1
    assert "another data directory" in service.said()
    shutil.rmtree(other)
    other.mkdir()
    assert service.work().wait(20) == 1
    assert "data.json" in service.said()
    service.data = mine


def test_another_key_is_refused(service: Loopback) -> None:
    """A key that is not known, or that may not work: status 1 and a sentence without the key."""
    assert service.work(key="exposure-no-such-key").wait(20) == 1
    assert "error:" in service.said()
    assert "no-such-key" not in service.said()
    assert "Traceback" not in service.said()
