"""A few of the kills of `python -m benchmarks.service_kills`, which does hundreds: nothing torn, lost or done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills.inputs import Inputs, make_inputs
from benchmarks.kills.service import kill_service
from benchmarks.service_kills import kill_commands


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A tiny corpus and what an uninterrupted run makes of it."""
    return make_inputs(tmp_path_factory.mktemp("kills") / "inputs", with_models=False)


def test_commands_killed_at_their_writes(inputs: Inputs, tmp_path: Path) -> None:
    """Ten kills of indexing, publishing, backing up, pruning, removing: what had finished is there, and the end is as
    without kills."""
    only = ("index", "publish", "backup", "prune", "remove", "pair-set", "open")
    _, kills, problems = kill_commands(inputs, tmp_path, 11, 10, only)
    assert problems == []
    assert sum(kills.values()) == 10


def test_a_service_at_work_killed(inputs: Inputs, tmp_path: Path) -> None:
    """Five kills of a service, its workers and their children: every acknowledged job ends once, nothing is lost."""
    _, kills, problems = kill_service(inputs, tmp_path, 5, 5, ("service", "worker", "index-child"))
    assert problems == []
    assert sum(kills.values()) == 5
