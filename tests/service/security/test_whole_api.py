"""schemathesis asks the whole API whatever its schema allows and forbids: examples, borders, chance, and sequences.

A real service answers, with its own workers, over the small world of the fixtures. Nothing is excluded: every phase and
every check for every operation. What differs from schemathesis' defaults stands in CONFIGURATION, with why.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from loopback_service import Loopback, loopback

from service.keys.access import SCOPES
from service.keys.key_file import add_key

HOOKS = Path(__file__).with_name("api_hooks.py")

CONFIGURATION = """
hooks = {hooks}
seed = 5
max-stream-events = 5
request-timeout = 45

[generation]
database = "none"

# What may be said of a request that fits the schema is decided route by route, and by kind: api_hooks.py.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 401, 403, 404, 409, 422]

# What is refused for its size is refused.
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 431]

# A claim waits for a job, for up to 30 s.
[[operations]]
include-path = "/v1/worker/claims"
checks.max_response_time = 40

{dictionaries}

[parameters]
{parameters}
"""
"""See also nothing_failed_inside."""


@pytest.fixture
def world(data: Path, workshop: Path, tmp_path: Path):
    """A service with one root, started by its users' command."""
    options = ("--root", f"corpora={workshop}", "--model", "toy=somebody/toy@step{step}", "--log-format", "json")
    for spare in ("tiny", "grown"):
        shutil.copytree(data / "timelines" / spare, data / "timelines" / f"{spare}-spare")
    with loopback(data, tmp_path, *options) as service:
        for name, scopes in (("all-but-admin", tuple(one for one in SCOPES if one != "admin")), ("all", ("admin",))):
            service.keys[name] = add_key(tmp_path / "keys", name, scopes)
        yield service


def names_of(data: Path) -> dict[str, list[str] | list[int] | list[float]]:
    """Parameter → the values that mean something in this world."""
    listed = {kind: sorted(path.stem for path in (data / kind).iterdir()) for kind in
              ("timelines", "evaluations", "runs", "pair-sets", "phrase-sets")}  # fmt: skip
    return {
        "path.timeline": listed["timelines"],
        "path.evaluation": listed["evaluations"],
        "path.run": listed["runs"],
        "path.id": [*listed["pair-sets"], *listed["phrase-sets"]],
        "path.step": [1, 2, 3, 500],
        "query.phrase": ["these books", "cats sleep", "birds fly", "barks"],
        "body.run": listed["runs"],
        "body.timeline": [*listed["timelines"], "new"],
        "body.pair_set": listed["pair-sets"],
        "body.root": ["corpora"],
        "body.path": ["run.json", "first.csv", "spare.json", "corpus/a.jsonl", "corpus"],
        "body.wait_seconds": [0, 0.2],
        "body.directory": [json.loads((data / "data.json").read_text())["id"]],
    }


def configured(folder: Path, data: Path) -> Path:
    """The configuration, with names of this world in half of the places where they fit."""
    names = names_of(data)
    dictionaries = "\n".join(
        f"[dictionaries.d{number}]\nvalues = {json.dumps(values)}" for number, values in enumerate(names.values())
    )
    parameters = "\n".join(
        f'"{name}" = {{ dictionary = "d{number}", probability = 0.5 }}' for number, name in enumerate(names)
    )
    path = folder / "schemathesis.toml"
    text = CONFIGURATION.format(hooks=json.dumps(str(HOOKS)), dictionaries=dictionaries, parameters=parameters)
    path.write_text(text)
    return path


def asked(world: Loopback, folder: Path, key: str | None, seconds: int, *options: str) -> str:
    """Run schemathesis for about `seconds` with all checks; returns what it says, with every failure."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configured(folder, world.data))),
        *("run", f"{world.url}/openapi.json", "--checks", "all", "--no-color", "--continue-on-failure", "--no-shrink"),
        *("--max-examples", "15", "--max-time", str(seconds), *options),
    ]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "COLUMNS": "150"}
    if key is not None:
        command += ["--header", f"Authorization: Bearer {world.keys[key]}"]
        environment["WHOLE_API_KEY"] = world.keys[key]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=folder,
                         env=environment)  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 0, "\n".join(line[:400] for line in said.splitlines())
    return said


def nothing_failed_inside(world: Loopback) -> None:
    """No traceback, no status of 500, in the log of the service."""
    lines = [json.loads(line) for line in world.log.read_text().splitlines() if line.startswith("{")]
    assert len(lines) > 100
    assert [line for line in lines if "traceback" in line or line.get("status") in (500, 501, 502, 504)] == []
    assert "Traceback" not in world.log.read_text()


def count(said: str) -> int:
    return int(re.search(r"(\d+) generated", said)[1])


def test_the_whole_api_with_a_key(world, tmp_path):
    """First without the right to delete what the rest is asked about, then with every right."""
    said = asked(world, tmp_path, "all-but-admin", 40)
    assert re.search(r"Tested: (\d+)", said)[1] == re.search(r"Selected: (\d+)/\1", said)[1]
    assert count(said) > 300
    said = asked(world, tmp_path, "all", 20, "--include-method", "DELETE", "--include-method", "GET")
    assert count(said) > 100
    nothing_failed_inside(world)


def test_the_whole_api_without_a_key(world, tmp_path):
    """Nothing but refusals, all as they are documented."""
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(world.ask("GET", "/openapi.json")[1]))
    config = configured(tmp_path, world.data)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(schema), "--url",
               world.url, "--checks", "all", "--no-color", "--continue-on-failure", "--max-examples", "5",
               "--max-time", "20"]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path,
                         env={**os.environ, "PYTHONWARNINGS": "ignore"})  # fmt: skip
    assert run.returncode == 0, "\n".join(line[:400] for line in run.stdout.splitlines())
    lines = [json.loads(line) for line in world.log.read_text().splitlines() if line.startswith("{")]
    asked_of = [line for line in lines if line.get("route") not in (None, "/v1/health", "/openapi.json", "(none)")]
    assert len(asked_of) > 100
    # What is larger than any request may be is refused before anybody looks for its key.
    assert {line["status"] for line in asked_of if "key" not in line} - {431} == {401}
    nothing_failed_inside(world)
