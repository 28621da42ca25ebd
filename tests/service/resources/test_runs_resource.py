"""Runs: registered from a manifest under a root, listed, and held apart by their order."""

import json
import shutil
import threading

import pytest

from exposure.orders import DataOrder
from service.settings import Settings


def register(client, name, path="run.json"):
    return client.post("/v1/runs", json={"name": name, "root": "corpora", "path": path})


def test_a_run_says_what_its_manifest_says(client, workshop):
    """Field for field, with the timelines of this very order."""
    order = DataOrder.load(workshop / "run.json")
    answer = client.get("/v1/runs/tiny").json()
    assert answer == {
        "name": "tiny", "order_digest": order.digest, "steps": 3, "batch_sequences": 2, "sequence_length": None,
        "packing": "document-per-row", "epochs": 1, "exactness": "approximate", "shards": 2,
        "checkpoints": [0, 1, 2, 3], "timelines": ["grown", "holed", "tiny"], "problem": None,
    }  # fmt: skip
    assert client.get("/v1/runs").json()["answers"][1] == answer
    assert client.get("/v1/runs/spare").json()["timelines"] == []


def test_a_run_is_made_once(client, data, workshop):
    """201 and then 200, the same answer, and a manifest with absolute paths that the shell reads too."""
    first, again = register(client, "other"), register(client, "other")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == "/v1/runs/other"
    kept = data / "runs" / "other" / "run.json"
    assert DataOrder.load(kept) == DataOrder.load(workshop / "run.json")
    assert all(one["path"].startswith("/") for one in json.loads(kept.read_text())["shards"])
    assert list((data / "removed").iterdir()) == []


def test_another_order_under_a_taken_name_is_a_conflict(client, data):
    """What is there stays as it was."""
    before = (data / "runs" / "tiny" / "run.json").read_bytes()
    answer = register(client, "tiny", "spare.json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert (data / "runs" / "tiny" / "run.json").read_bytes() == before


def test_the_same_order_elsewhere_moves_the_run_there(client, data, workshop, root, client_of):
    """A corpus that was moved: its run goes on under its name."""
    shutil.copytree(workshop / "corpus", root / "moved" / "corpus")
    shutil.copytree(workshop / "census", root / "moved" / "census")
    shutil.copy(workshop / "run.json", root / "moved" / "run.json")
    asking = client_of(Settings(data, roots={"corpora": root}))
    assert asking.get("/v1/runs/tiny/batches/1").json()["type"] == "/problems/unavailable"
    answer = register(asking, "tiny", "moved/run.json")
    assert (answer.status_code, answer.json()["steps"]) == (200, 3)
    assert asking.get("/v1/runs/tiny/batches/1").status_code == 200


def test_a_damaged_run_is_listed_with_its_problem_and_mended_by_registering(client, data):
    """The others are listed as ever."""
    (data / "runs" / "tiny" / "run.json").write_text("{")
    listed = {one["name"]: one for one in client.get("/v1/runs").json()["answers"]}
    assert "is not a run manifest" in listed["tiny"]["problem"]
    assert str(data) not in listed["tiny"]["problem"]
    assert listed["tiny"]["steps"] is None
    assert listed["spare"]["problem"] is None
    assert client.get("/v1/runs/tiny").status_code == 409
    assert register(client, "tiny").status_code == 200
    assert client.get("/v1/runs/tiny").json()["problem"] is None


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [("first.csv", "unusable-input", "is not a run manifest"), ("corpus", "no-such-root", "is a folder")],
)
def test_what_is_no_manifest_is_refused(client, data, path, kind, said):
    """With a sentence that names it from its root on."""
    answer = register(client, "other", path)
    assert answer.json()["type"] == f"/problems/{kind}"
    assert said in answer.json()["detail"]
    assert not (data / "runs" / "other").exists()


def test_a_manifest_without_its_census_is_refused(client, data, workshop, tmp_path, client_of):
    """Nothing could be read of it later."""
    (tmp_path / "root").mkdir()
    shutil.copy(workshop / "run.json", tmp_path / "root" / "run.json")
    shutil.copytree(workshop / "corpus", tmp_path / "root" / "corpus")
    answer = register(client_of(Settings(data, roots={"corpora": tmp_path / "root"})), "other")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-input")
    assert "census" in answer.json()["detail"]
    assert str(tmp_path) not in answer.json()["detail"]


@pytest.mark.parametrize("damage", ["gone", "longer", "folder"])
def test_a_manifest_whose_shards_are_not_as_it_says_is_refused(data, workshop, root, client_of, damage):
    """At once, and not when somebody reads them; the shard is named from its root on."""
    for name in ("corpus", "census"):
        shutil.copytree(workshop / name, root / name)
    shutil.copy(workshop / "run.json", root / "run.json")
    shard = root / "corpus" / "b.jsonl"
    content = shard.read_bytes()
    shard.unlink()
    if damage == "longer":
        shard.write_bytes(content + b"\n")
    elif damage == "folder":
        shard.mkdir()
    asking = client_of(Settings(data, roots={"corpora": root}))
    answer = register(asking, "other")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-input")
    said = f"Shard 1 of the run is no file of {len(content):,} bytes at corpora:corpus/b.jsonl"
    assert said in answer.json()["detail"]
    assert not (data / "runs" / "other").exists()
    assert register(asking, "tiny").status_code == 422
    assert asking.get("/v1/runs/tiny").status_code == 200


def test_runs_registered_at_once_are_one(client, data):
    """Eight requests for a new name: one makes it, nothing is left over."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(register(client, "other"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert list((data / "removed").iterdir()) == []


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_service_that_only_answers_takes_none(client_of, data, workshop, method):
    """And says so."""
    asking = client_of(Settings(data, roots={"corpora": workshop}, is_read_only=True))
    answer = register(asking, "other") if method == "post" else asking.delete("/v1/runs/spare")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/read-only")
    assert asking.get("/v1/runs/tiny").status_code == 200
