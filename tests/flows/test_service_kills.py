"""A few of the kills of `python -m benchmarks.service_kills`, which does hundreds: nothing torn, lost or done twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks.kills.inputs import Inputs, make_inputs
from benchmarks.kills.service import ServiceLane, kill_service
from benchmarks.service_kills import kill_commands


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A tiny corpus and what an uninterrupted run makes of it."""
    return make_inputs(tmp_path_factory.mktemp("kills") / "inputs", with_models=False)


def test_commands_killed_at_their_writes(inputs: Inputs, tmp_path: Path) -> None:
    """Six kills of indexing, publishing, backing up, pruning, removing: what had finished is there, and the end is as
    without kills."""
    only = ("index", "publish", "backup", "prune", "remove", "pair-set", "open")
    _, kills, problems = kill_commands(inputs, tmp_path, 11, 6, only)
    assert problems == []
    assert sum(kills.values()) == 6


def test_a_service_at_work_killed(inputs: Inputs, tmp_path: Path) -> None:
    """Three kills of a service, its workers and their children: every acknowledged job ends once, nothing is lost."""
    _, kills, problems = kill_service(inputs, tmp_path, 5, 3, ("service", "worker", "index-child"))
    assert problems == []
    assert sum(kills.values()) == 3


def test_a_job_that_fails_though_only_the_service_was_killed_is_found(inputs: Inputs, tmp_path: Path) -> None:
    """As is one with two kills of its worker; three explain an end, and so do thirteen of the service."""
    lane = ServiceLane(inputs, tmp_path, Random(1))
    lane._begun["j"] = (0, Counter(service=5, worker=7))
    job = {"id": "j", "state": "failed", "attempt": 13, "problem": "It was tried 3 times."}
    for since, is_wrong in (
        (Counter(service=12), True),
        (Counter(service=10, worker=2), True),
        (Counter(service=13), False),
        (Counter(service=3, worker=2, evaluation=1), False),
    ):
        lane.killed = Counter(service=5, worker=7) + since
        assert bool(lane._wrong_failure(job)) == is_wrong
        assert lane._wrong_failure({**job, "state": "succeeded"}) == []
    lane.close()
