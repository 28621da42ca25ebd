"""REST and shell answer alike: `--format jsonl` is NDJSON byte for byte, and JSON field for field."""

import json
import os
import subprocess
import sys

import pytest

PHRASES = ["cats sleep", "These  Books", "this books", "zebra", "birds fly"]


def shell(*arguments: object) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "exposure", *map(str, arguments), "--format", "jsonl"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout.decode()


def check(client, printed: str, method: str, path: str, **asked) -> None:
    """Hold one answer in both forms against what was printed."""
    lines = client.request(method, path, headers={"accept": "application/x-ndjson"}, **asked)
    assert (lines.status_code, lines.text) == (200, printed)
    whole = client.request(method, path, headers={"accept": "application/json"}, **asked)
    assert whole.json()["answers"] == [json.loads(line) for line in printed.strip().split("\n")]


@pytest.mark.parametrize("timeline", ["tiny", "holed"])
@pytest.mark.parametrize("at_step", [None, 0, 1, 2, 3, 9])
def test_first_seen(reader, workshop, timeline, at_step):
    """GET, POST and `exposure first-seen` agree, over the whole run and by checkpoint, with and without a hole."""
    step = [] if at_step is None else ["--at-step", at_step]
    printed = shell("first-seen", workshop / "data" / "timelines" / timeline, *PHRASES, *step)
    path = f"/v1/timelines/{timeline}/first-seen"
    query = [("phrase", one) for one in PHRASES] + ([] if at_step is None else [("at_step", at_step)])
    check(reader, printed, "GET", path, params=query)
    check(reader, printed, "POST", path, json={"phrases": PHRASES, "at_step": at_step})


@pytest.mark.parametrize("steps", [(), (2,), (3, 0, 7)])
def test_history(reader, workshop, steps):
    """`exposure history` and its route agree."""
    options = [text for step in steps for text in ("--at-step", step)]
    printed = shell("history", workshop / "data" / "timelines" / "holed", "these books", *options)
    query = [("phrase", "these books"), *(("at_step", step) for step in steps)]
    check(reader, printed, "GET", "/v1/timelines/holed/history", params=query)


@pytest.mark.parametrize("timeline", ["tiny", "grown", "holed"])
def test_coverage(reader, workshop, timeline):
    """`exposure coverage` and its route agree."""
    printed = shell("coverage", workshop / "data" / "timelines" / timeline)
    check(reader, printed, "GET", f"/v1/timelines/{timeline}/coverage")


@pytest.mark.parametrize("by", ["paradigm", "pair"])
@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], {}),
        (["--sides", "both"], {"sides": "both"}),
        (["--policy", "seen-by", "--at-step", "1"], {"policy": "seen-by", "at_step": 1}),
        (["--at-step", "3", "--uid", "sva"], {"at_step": 3, "uids": ["sva"]}),
        (["--include-flagged"], {"include_flagged": True}),
    ],
)
def test_splits(reader, workshop, by, options, asked):
    """`exposure split` with the phrase file and the route with the phrase set kept from it agree."""
    printed = shell(
        "split", workshop / "data" / "timelines" / "holed", "--pairs", workshop / "first.parquet", "--by", by, *options
    )
    check(reader, printed, "POST", "/v1/timelines/holed/splits", json={"by": by, **asked})
