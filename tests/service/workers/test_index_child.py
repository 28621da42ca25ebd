"""`python -m indexer`: the child process of an indexing job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import worlds
from child_processes import descendants, done, finished, is_running, start, until
from generations import current
from shell import exposure

from exposure.api.requests import IndexRequest
from exposure.timeline import Timeline
from indexer.job_spec import IndexSpec

MODULE = "indexer"


def spec(place: Any, cores: int = 1, **changes: Any) -> IndexSpec:
    """The spec that a worker makes of a request for the timeline `t`."""
    asked = {"run": "small", "timeline": "t", "phrase_sets": [place.phrase_set], **changes}
    directory = place.directory
    return IndexSpec(
        request=IndexRequest.model_validate(asked),
        run=directory.run_manifest("small"),
        phrases=(directory.phrase_set(place.phrase_set),),
        timeline=directory.timelines / "t",
        cores=cores,
    )


def digest(timeline: Path) -> str:
    """What two timelines share that say the same."""
    with Timeline.open(timeline) as opened:
        return str(opened.facts["logical_digest"])


def test_it_publishes_what_the_shell_publishes(place: Any, tmp_path: Path) -> None:
    """The same generation, bit for bit of its meaning, and a result that says which and how much was done."""
    said = done(MODULE, spec(place))
    assert said.status == 0, said.err
    answer = exposure(
        "index", "--run", place.directory.run_manifest("small"), "--phrases", worlds.phrase_file(),
        "--out", tmp_path / "shell",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert said.outcome == {
        "state": "succeeded",
        "result": {
            "timeline": "t",
            "generation": current(tmp_path / "shell").stem,
            "units": 4,
            "scanned": 4,
            "holes": [],
        },
    }
    assert digest(place.directory.timelines / "t") == digest(tmp_path / "shell")


def test_it_tells_its_progress_and_nothing_else_stands_on_standard_output(place: Any) -> None:
    """Progress rises to its total; every line is a line."""
    said = done(MODULE, spec(place))
    progress = said.of("progress")
    assert progress[-1]["done"] == progress[-1]["total"] > 0
    assert progress[-1]["stage"] == "index"
    assert [one["done"] for one in progress] == sorted(one["done"] for one in progress)
    assert said.noise == []


def test_a_second_time_nothing_is_scanned(place: Any) -> None:
    """What is finished stays finished, with several cores too."""
    first = done(MODULE, spec(place, cores=2)).outcome["result"]
    second = done(MODULE, spec(place)).outcome["result"]
    assert (first["scanned"], second["scanned"]) == (4, 0)
    assert first["generation"] == second["generation"]


def test_a_missing_shard_is_a_hole(place: Any) -> None:
    """The rest is published, and the result names the shard and what is wrong."""
    manifest = place.directory.run_manifest("small")
    fields = json.loads(manifest.read_text())
    fields["shards"][1]["path"] += ".gone"
    manifest.write_text(json.dumps(fields))
    result = done(MODULE, spec(place)).outcome["result"]
    (hole,) = result["holes"]
    assert hole["shard"] == 1
    assert ".gone" in hole["problem"]
    assert result["scanned"] == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "JSON"),
        ("{}", "request"),
        ("[1]", "standard input"),
        ('{"request": 1, "more": 2}', "request"),
        ("\x00\xff", "JSON"),
    ],
)
def test_a_bad_spec_is_answered_with_a_sentence(text: str, word: str) -> None:
    """Empty, half, of another shape, no JSON: failed, by name, with status 0."""
    said = done(MODULE, text)
    assert said.status == 0, said.err
    assert said.outcome["state"] == "failed"
    assert word in said.outcome["problem"]
    assert "Traceback" not in said.err


def test_what_a_spec_does_not_know_is_refused(place: Any) -> None:
    """A field of another version is not passed over."""
    fields = json.loads(spec(place).model_dump_json())
    said = done(MODULE, json.dumps({**fields, "shards": 3}))
    assert "shards" in said.outcome["problem"]
    assert not (place.directory.timelines / "t").exists()


def test_an_error_that_is_known_is_a_sentence(place: Any) -> None:
    """A run that is not there: failed, with what to do, and no traceback."""
    place.directory.run_manifest("small").unlink()
    said = done(MODULE, spec(place))
    assert said.outcome["state"] == "failed"
    assert "run.json" in said.outcome["problem"]
    assert "Traceback" not in said.err


@pytest.mark.parametrize("cores", [1, 2])
def test_sigterm_keeps_what_is_finished(slow_place: Any, cores: int) -> None:
    """Told to end in the middle: cancelled within seconds; asked again, only the rest is scanned."""
    asked = spec(slow_place, cores)
    process = start(MODULE, asked.model_dump_json())
    segments = asked.timeline / "segments"
    until(lambda: len(list(segments.glob("*.json"))) >= 1 or process.poll() is not None)
    below = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    said = finished(process)
    assert time.monotonic() - told < 10
    assert said.outcome == {"state": "cancelled"}, said.err
    assert "Traceback" not in said.err
    until(lambda: not any(map(is_running, below)), seconds=10)  # those below a child end when they see that it did
    kept = len(list(segments.glob("*.json")))
    result = done(MODULE, asked).outcome["result"]
    assert 0 < result["scanned"] <= result["units"] - kept


@pytest.mark.parametrize("cores", [1, 2])
def test_it_ends_with_its_parent(slow_place: Any, cores: int) -> None:
    """A parent that is killed takes it along, and the processes that it started."""
    asked = spec(slow_place, cores)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, asked.model_dump_json()], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    segments = asked.timeline / "segments"
    until(lambda: len(list(segments.glob("*.json"))) >= 1)
    below = [child, *descendants(child)]
    assert len(below) >= cores
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not any(map(is_running, below)), 15)


PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "indexer"], stdin=subprocess.PIPE, text=True, start_new_session=True)
child.stdin.write(sys.argv[1])
child.stdin.close()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_parent_that_was_gone_before_it_looked_is_noticed(place: Any) -> None:
    """Started by a process that is no more, it does nothing at all."""
    said = done(MODULE, spec(place), env={**os.environ, "EXPOSURE_PARENT": "1"})
    assert said.status == 1
    assert said.lines == []
    assert not (place.directory.timelines / "t").exists()
