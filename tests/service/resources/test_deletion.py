"""Deleting: gone whole and at once, refused while needed, and nothing that is deleted stays for ever."""

import fcntl
import threading

import pytest
from click.testing import CliRunner

from exposure.cli import root as exposure
from exposure.errors import ExposureError
from service.lock import serving


@pytest.mark.parametrize(
    "thing", ["timelines/grown", "runs/spare", "pair-sets/$PAIR_SET", "phrase-sets/$SPARE_PHRASE_SET"]
)
def test_what_is_deleted_is_gone(client, data, named, lists, thing):
    """From the list, from its own route, from the disk; the second time there is nothing to delete."""
    kind, name = thing.split("/")
    name = named.get(name, name)
    others = [one for one in lists(kind) if one != name]
    assert client.delete(f"/v1/{kind}/{name}").status_code == 204
    assert lists(kind) == others
    assert client.get(f"/v1/{kind}/{name}").status_code == 404
    assert client.delete(f"/v1/{kind}/{name}").status_code == 404
    client.service.state.resources.removal.wait()
    assert list((data / "removed").iterdir()) == []
    assert not [path for path in (data / kind).iterdir() if path.name.startswith(name)]


@pytest.mark.parametrize(
    ("thing", "job"),
    [
        ("timelines/tiny", ("index", {"run": "x", "timeline": "tiny", "phrase_sets": []})),
        ("timelines/tiny", ("evaluate", {"name": "e", "timeline": "tiny"})),
        ("runs/spare", ("index", {"run": "spare", "timeline": "x", "phrase_sets": []})),
        ("pair-sets/$PAIR_SET", ("evaluate", {"name": "e", "pair_set": "$PAIR_SET", "phrase_set": None})),
        ("phrase-sets/$SPARE_PHRASE_SET", ("evaluate", {"name": "e", "phrase_set": "$SPARE_PHRASE_SET"})),
        ("phrase-sets/$SPARE_PHRASE_SET", ("index", {"run": "x", "phrase_sets": ["$SPARE_PHRASE_SET"]})),
    ],
)
def test_what_a_job_uses_is_not_deleted(client, data, named, jobs_of, lists, thing, job):
    """The job is named, everything stays; when it has ended the thing can be deleted."""
    kind, name = thing.split("/")
    name = named.get(name, name)
    request = {key: [named.get(one, one) for one in value] if isinstance(value, list) else named.get(value, value)
               for key, value in job[1].items()}  # fmt: skip
    jobs_of((job[0], request))
    answer = client.delete(f"/v1/{kind}/{name}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert "job0" in answer.json()["detail"]
    assert name in lists(kind)
    jobs_of(("evaluate", {"name": "other", "pair_set": "c" * 40, "timeline": None}))
    assert client.delete(f"/v1/{kind}/{name}").status_code == 204


def test_a_job_that_is_asked_for_while_its_timeline_is_deleted_keeps_it(client, monkeypatch, jobs_of, lists):
    """It found the timeline; the timeline is put back."""
    deleter = client.service.state.resources._deleter
    jobs_of(("index", {"run": "x", "timeline": "tiny"}))
    busy, calls = deleter.active(), []

    def late():
        calls.append(1)
        return busy if len(calls) > 1 else []

    object.__setattr__(deleter, "active", late)
    assert client.delete("/v1/timelines/tiny").status_code == 409
    assert "tiny" in lists("timelines")
    assert client.get("/v1/timelines/tiny/coverage").status_code == 200


def test_what_another_thing_needs_is_not_deleted(client, named):
    """A phrase set by its pair set; what needs it is named, and goes first."""
    phrases = f"/v1/phrase-sets/{named['$PHRASE_SET']}"
    answer = client.delete(phrases)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert f"the pair set {named['$PAIR_SET']}" in answer.json()["detail"]
    assert client.delete(f"/v1/pair-sets/{named['$PAIR_SET']}").status_code == 204
    assert client.delete(phrases).status_code == 204


def test_timelines_do_not_need_their_run(client, jobs_of):
    """They keep its manifest: the run can go as soon as no job uses it, and their text is found all the same."""
    asked = "/v1/timelines/tiny/contexts?phrase=cats sleep"
    found = client.get(asked).json()["answers"]
    jobs_of(("index", {"run": "tiny", "timeline": "x", "phrase_sets": []}))
    assert client.delete("/v1/runs/tiny").status_code == 409
    jobs_of()
    assert client.delete("/v1/runs/tiny").status_code == 204
    assert client.get(asked).json()["answers"] == found != []


def test_a_timeline_that_a_command_writes_into_is_not_deleted(client, data):
    """`exposure index` holds its lock."""
    with (data / "timelines" / "tiny" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = client.delete("/v1/timelines/tiny")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert client.delete("/v1/timelines/tiny").status_code == 204


def test_requests_that_run_are_answered_from_what_is_deleted(client):
    """A generation that is open stays so until its last request is answered, and is closed then."""
    catalog = client.service.state.catalog
    with catalog.open("tiny") as opened:
        assert client.delete("/v1/timelines/tiny").status_code == 204
        client.service.state.resources.removal.wait()
        assert opened.timeline.first_seen(["cats sleep"])[0].count == 2
    assert client.get("/v1/timelines/tiny").status_code == 404


def test_deleting_and_asking_at_once(client):
    """Questions are answered or told that there is no timeline; never anything else."""
    statuses = []

    def ask() -> None:
        statuses.extend(client.get("/v1/timelines/grown/first-seen?phrase=a").status_code for _ in range(30))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    deleted = client.delete("/v1/timelines/grown").status_code
    for thread in threads:
        thread.join()
    assert deleted == 204
    assert set(statuses) <= {200, 404}


def test_what_an_interrupted_deletion_left_is_freed_at_the_next_start(client_of, data, workshop):
    """Files and folders alike."""
    from service.settings import Settings

    (data / "removed" / "timelines-old-1" / "deep").mkdir(parents=True)
    (data / "removed" / "phrase-sets-x.parquet-2").write_bytes(b"x")
    asking = client_of(Settings(data))
    asking.service.state.resources.removal.wait()
    assert list((data / "removed").iterdir()) == []


def shell(*arguments: object) -> str:
    """What the command says on standard error; raises its error."""
    result = CliRunner().invoke(exposure, ["remove", *map(str, arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stderr


def test_the_shell_deletes_as_the_service_does(data, named):
    """Several at once, with leftovers of before."""
    (data / "removed" / "old").mkdir(parents=True)
    things = ["timelines/grown", "runs/spare/", f"phrase-sets/{named['$SPARE_PHRASE_SET']}.parquet"]
    said = shell("--data", data, *things)
    assert said.splitlines() == [
        "deleted: timelines/grown", "deleted: runs/spare", f"deleted: phrase-sets/{named['$SPARE_PHRASE_SET']}",
    ]  # fmt: skip
    assert list((data / "removed").iterdir()) == []
    assert not (data / "timelines" / "grown").exists()
    assert not (data / "runs" / "spare").exists()


@pytest.mark.parametrize(
    ("thing", "said"),
    [("timelines/none", "There is no timeline 'none'"), ("phrase-sets/$PHRASE_SET", "is needed by the pair set"),
     ("timelines/../runs", "There is no timeline"), ("jobs.sqlite", "names nothing"), ("locks/x", "names nothing"),
     ("timelines/", "names nothing")],
)  # fmt: skip
def test_the_shell_refuses_with_a_sentence(data, named, thing, said):
    """What there is not, what is needed, what is nothing that can be deleted."""
    with pytest.raises(ExposureError, match=said):
        shell("--data", data, thing.replace("$PHRASE_SET", named["$PHRASE_SET"]))
    assert (data / "runs" / "tiny" / "run.json").exists()


def test_the_shell_asks_jobs_that_wait(data):
    """A job that is queued in a stopped service will go on: what it uses stays."""
    from exposure.api.requests import IndexRequest
    from service.jobs.store import JobStore

    with JobStore(data / "jobs.sqlite") as jobs:
        request = IndexRequest(run="tiny", timeline="grown", phrase_sets=["b" * 40])
        jobs.submit("index", request, "somebody", None, 10)
    with pytest.raises(ExposureError, match="in use by the job"):
        shell("--data", data, "timelines/grown")
    assert (data / "timelines" / "grown" / "CURRENT").exists()


def test_the_shell_leaves_a_directory_that_is_served_to_its_service(data):
    """And says what to ask it."""
    with serving(data), pytest.raises(ExposureError, match="DELETE /v1/timelines/grown"):
        shell("--data", data, "timelines/grown")
    assert (data / "timelines" / "grown" / "CURRENT").exists()
