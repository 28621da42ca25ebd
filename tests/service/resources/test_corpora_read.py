"""Batches and contexts: what the shell prints, read in a process of its own that is held to bounds."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from exposure.orders import DataOrder
from service import children
from service.children import Children
from service.settings import Limits, Settings


def shell(*arguments: object) -> str:
    command = [sys.executable, "-m", "exposure", *map(str, arguments), "--format", "jsonl"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout.decode()


def check(client, printed: str, path: str) -> None:
    """Hold one answer in every form against what was printed."""
    lines = client.get(path, headers={"accept": "application/x-ndjson"})
    assert (lines.status_code, lines.text) == (200, printed)
    rows = [json.loads(line) for line in printed.splitlines()]
    assert client.get(path).json()["answers"] == rows
    assert len(client.get(path, headers={"accept": "text/csv"}).text.splitlines()) == len(rows) + 1


@pytest.mark.parametrize(("step", "sequence"), [(1, None), (3, None), (2, 1)])
def test_a_batch_is_what_the_shell_prints(reader, workshop, step, sequence):
    """`exposure batch` and its route agree."""
    options = [] if sequence is None else ["--sequence", sequence]
    query = "" if sequence is None else f"?sequence={sequence}"
    printed = shell("batch", workshop / "run.json", "--step", step, *options)
    check(reader, printed, f"/v1/runs/tiny/batches/{step}{query}")


@pytest.mark.parametrize("width", [0, 7, 60])
def test_contexts_are_what_the_shell_prints(reader, workshop, width):
    """`exposure context` and its route agree."""
    timeline = workshop / "data" / "timelines" / "tiny"
    printed = shell("context", timeline, "These  books", "--width", width)
    check(reader, printed, f"/v1/timelines/tiny/contexts?phrase=These%20%20books&width={width}")


def test_contexts_of_a_timeline_without_a_registered_run_are_read_where_it_was_indexed(client, data):
    """As long as that is beneath a root."""
    asked = "/v1/timelines/tiny/contexts?phrase=cats sleep"
    with_run = client.get(asked).json()["answers"]
    (data / "runs" / "tiny" / "run.json").unlink()
    assert client.get(asked, headers={"if-none-match": "none"}).json()["answers"] == with_run != []


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/runs/tiny/batches/4", 422, "question"),
        ("/v1/runs/tiny/batches/1?sequence=2", 422, "question"),
        ("/v1/runs/tiny/batches/0", 422, "invalid-request"),
        ("/v1/runs/tiny/batches/x", 422, "invalid-request"),
        ("/v1/runs/tiny/batches/1?sequence=-1", 422, "invalid-request"),
        ("/v1/runs/tiny/batches/1?sequence=0&sequence=1", 422, "invalid-request"),
        ("/v1/runs/tiny/batches/1?step=1", 422, "invalid-request"),
        ("/v1/runs/none/batches/1", 404, "not-found"),
        ("/v1/timelines/none/contexts?phrase=a", 404, "not-found"),
        ("/v1/timelines/tiny/contexts?phrase=zebra", 404, "not-indexed"),
        ("/v1/timelines/tiny/contexts", 422, "invalid-request"),
        ("/v1/timelines/tiny/contexts?phrase=cats%20sleep&width=10001", 422, "invalid-request"),
    ],
)
def test_what_cannot_be_read_says_why(reader, path, status, kind):
    """Outside the run, beyond the batch, not there, not indexed."""
    answer = reader.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.text


@pytest.mark.parametrize("damage", ["truncated", "gone", "other", "folder", "rubbish"])
def test_a_damaged_shard_is_a_sentence(client_of, data, workshop, tmp_path, damage):
    """409 with the shard's name from its root on, never a failure of the service."""
    root = copied_corpus(workshop, tmp_path)
    asking = client_of(Settings(data, roots={"corpora": root}))
    assert asking.post("/v1/runs", json={"name": "tiny", "root": "corpora", "path": "run.json"}).status_code == 200
    shard = root / "corpus" / "a.jsonl"
    content = shard.read_bytes()
    shard.unlink()
    if damage == "folder":
        shard.mkdir()
    elif damage != "gone":
        changed = {"truncated": content[:30], "other": content.replace(b"cats", b"dogs"), "rubbish": b"\xff\x00" * 99}
        shard.write_bytes(changed[damage])
    for path in ("/v1/runs/tiny/batches/1", "/v1/timelines/tiny/contexts?phrase=cats sleep"):
        answer = asking.get(path)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/unavailable"), answer.text
        assert "a.jsonl" in answer.json()["detail"]
        assert str(tmp_path) not in answer.json()["detail"]


def copied_corpus(workshop, tmp_path):
    for name in ("corpus", "census"):
        shutil.copytree(workshop / name, tmp_path / "own" / name)
    shutil.copy(workshop / "run.json", tmp_path / "own" / "run.json")
    return tmp_path / "own"


def test_a_question_that_takes_too_long_is_ended(client_of, data, workshop):
    """503, and its process is gone."""
    limits = replace(Limits(), query_seconds=0.05)
    asking = client_of(Settings(data, roots={"corpora": workshop}, limits=limits))
    answer = asking.get("/v1/runs/tiny/batches/1")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/too-slow")


def test_an_answer_that_is_too_large_is_refused(client, monkeypatch):
    """The child counts before it writes."""
    monkeypatch.setattr("service.corpora.MOST_BYTES", 100)
    answer = client.get("/v1/runs/tiny/batches/1")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/question")
    assert "100 is the most" in answer.json()["detail"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module for children to run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(text: str) -> str:
        (tmp_path / "odd_child.py").write_text(text)
        return "odd_child"

    return write


@pytest.mark.parametrize(
    "text",
    ["", "raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)", "print('{\"row\": 1}')", "1 / 0"],
)
def test_a_child_that_ends_without_an_answer_is_a_sentence(module, text):
    """Whatever became of it: nothing, a status, a signal, half an answer, a defect."""
    with pytest.raises(children.ExposureError, match="without an answer"):
        Children(1, 20, 20).ask(module(text), {})


def test_a_child_that_hangs_is_killed(module, tmp_path):
    """Within its time, and gone afterwards."""
    name = module(f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    started = time.monotonic()
    with pytest.raises(children.TooSlowError, match="longer than 2 seconds"):
        Children(1, 2, 2).ask(name, {})
    assert time.monotonic() - started < 20
    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text()}")  # noqa: PTH110


def test_more_questions_than_are_worked_on_at_once_wait(module):
    """Each for its own time: whose turn does not come within it is told so, the others are answered."""
    asking, name = Children(1, 20, 0.2), module("import time; time.sleep(2); print('{\"end\": null}')")
    first = threading.Thread(target=asking.ask, args=(name, {}))
    first.start()
    time.sleep(0.5)
    with pytest.raises(children.BusyError, match=r"^1 requests of this kind .* none ended within 0\.2 seconds"):
        asking.ask(name, {})
    first.join()
    assert asking.ask(name, {}).rows == []


def test_sets_that_come_at_once_are_all_made(client, monkeypatch):
    """Far more than are made at a time: each waits for its turn."""
    working, most, guard = [], [], threading.Lock()

    def run(self, module, question):
        with guard:
            working.append(1)
            most.append(len(working))
        time.sleep(0.02)
        with guard:
            working.pop()
        return 1, b'{"error": "PairsError", "sentence": "made"}'

    monkeypatch.setattr(Children, "_run", run)
    answers = []
    asked = {"phrases": ["x y"]}
    threads = [
        threading.Thread(target=lambda: answers.append(client.post("/v1/phrase-sets", json=asked))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.json()["detail"] for one in answers] == ["made"] * 20
    assert max(most) == Limits().makers


@pytest.mark.parametrize("shard", [False, True])
def test_a_twin_of_a_run_that_leads_nowhere_hurts_nobody(client, data, workshop, shard):
    """Another manifest of the same order, first by name: contexts are read where the timeline was indexed, or, where
    that is gone, where most of the shards are."""
    asked = "/v1/timelines/tiny/contexts?phrase=cats sleep"
    found = client.get(asked).json()["answers"]
    order = DataOrder.load(workshop / "run.json")
    twin = order.model_copy(update={"shards": tuple(misplaced(one, data) for one in order.shards)})
    (data / "runs" / "a").mkdir()
    twin.save(data / "runs" / "a" / "run.json", is_sealed=True)
    if shard:
        twin.save(data / "timelines" / "tiny" / "order.json", is_sealed=True)
    answer = client.get(asked, headers={"cache-control": "no-cache"})
    assert (answer.status_code, answer.json()["answers"]) == (200, found)
    assert client.delete("/v1/runs/a").status_code == 204


def misplaced(shard, data):
    """A shard whose place holds something else."""
    return shard.model_copy(update={"path": str(data / "data.json")})


def test_what_lies_in_the_folder_of_the_service_is_no_module(module, tmp_path, monkeypatch):
    """A json.py there would else be run by every child."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text('print(\'{"end": "stolen"}\'); raise SystemExit(0)')
    monkeypatch.chdir(tmp_path / "here")
    assert Children(1, 20, 20).ask(module("import json; print(json.dumps({'end': 'ours'}))"), {}).end == "ours"
