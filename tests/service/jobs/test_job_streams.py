"""Streams of events and long polls, over real sockets."""

import json
import socket
import threading
import time
from pathlib import Path
from random import Random

import httpx2
import pytest

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line
from service.data_directory import read_identity
from service.errors import JobStoreError
from service.jobs import keeper, leases, streams
from service.jobs.outcome import Outcome
from service.jobs.store import JobStore
from service.keys.access import EMBEDDED_WORKERS

DONE = Outcome("succeeded", {"timeline": "one"})


def begun(store, request):
    """A job that runs."""
    job, _ = store.submit("index", request, "", None, 1000)
    assert store.claim("index", "w").job.id == job.id
    return job.id


def note(number, size=0):
    return Line("note", {"text": str(number), "filling": "x" * size})


class Reader:
    """An EventSource: reads, breaks off when told, and comes back with the last id."""

    def __init__(self, url):
        self.url, self.last, self.events, self.comments = url, None, [], 0

    def read(self, most=None):
        """Until the stream ends, or `most` events came; the status."""
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        with httpx2.Client() as client, client.stream("GET", self.url, headers=headers, timeout=30) as answer:
            fields = {}
            for line in answer.iter_lines():
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.last = fields["id"]
                    self.events.append((fields["event"], json.loads(fields["data"])))
                    fields = {}
                    most = None if most is None else most - 1
                    if most == 0:
                        break
            return answer.status_code


def test_a_stream_that_breaks_anywhere_is_taken_up_without_loss_or_repetition(serve, indexing):
    """While events come in bursts, readers break off at random places; each sees each event once, in order."""
    served = serve()
    job = begun(served.store, indexing("one"))
    readers = [Reader(f"{served.url}/v1/jobs/{job}/events") for _ in range(4)]

    def follow(reader, random):
        while reader.read(most=random.randrange(1, 40)) == 200 and reader.events[-1][1].get("state") != "succeeded":
            pass

    threads = [threading.Thread(target=follow, args=(one, Random(n))) for n, one in enumerate(readers)]
    for thread in threads:
        thread.start()
    random, said = Random(9), 0
    while said < 400:
        size = random.randrange(1, 30)
        served.store.add_lines(job, 1, [note(said + number) for number in range(size)], said)
        served.store.heartbeat(job, 1, JobProgress("scan", float(said), 400.0, "B"))
        said += size
        time.sleep(random.random() * 0.01)
    served.store.finish(job, 1, DONE)
    for thread in threads:
        thread.join()
    for reader in readers:
        assert [int(data["text"]) for kind, data in reader.events if kind == "note"] == list(range(said))
        assert [data["state"] for kind, data in reader.events if kind == "state"] == ["queued", "running", "succeeded"]
        done = [data["done"] for kind, data in reader.events if kind == "progress"]
        assert done == sorted(set(done))
        assert reader.events[-1][0] == "state"


def test_a_stream_ends_with_the_job_and_an_ended_one_is_204(serve, indexing):
    """An EventSource that comes back for more is told that there is no more."""
    served = serve()
    job = begun(served.store, indexing("one"))
    reader = Reader(f"{served.url}/v1/jobs/{job}/events")
    ending = threading.Timer(0.3, lambda: served.store.finish(job, 1, DONE))
    ending.start()
    assert reader.read() == 200
    assert reader.events[-1] == ("state", json.loads(httpx2.get(f"{served.url}/v1/jobs/{job}").text))
    assert reader.read() == 204
    assert len(reader.events) == 3
    assert served.app.state.desk.streams == 0


def test_comments_come_while_nothing_happens(serve, indexing, monkeypatch):
    """So that nobody between takes the connection for dead."""
    monkeypatch.setattr(streams, "COMMENT_SECONDS", 0.05)
    served = serve()
    job = begun(served.store, indexing("one"))
    reader = Reader(f"{served.url}/v1/jobs/{job}/events")
    threading.Timer(0.6, lambda: served.store.cancel(job) and served.store.finish(job, 1, DONE)).start()
    reader.read()
    assert reader.comments >= 3


def test_more_streams_than_the_limit_are_told_when_to_come_back(serve, indexing):
    """And one that is left makes room."""
    served = serve(streams=2)
    job = begun(served.store, indexing("one"))
    url = f"{served.url}/v1/jobs/{job}/events"
    with httpx2.Client() as client, client.stream("GET", url) as first:
        with client.stream("GET", url) as second:
            assert first.status_code == second.status_code == 200
            refused = httpx2.get(url)
            assert (refused.status_code, refused.json()["type"]) == (429, "/problems/busy")
            assert int(refused.headers["retry-after"]) > 0
        end = time.monotonic() + 10
        while served.app.state.desk.streams > 1 and time.monotonic() < end:
            time.sleep(0.02)
        with client.stream("GET", url) as third:
            assert third.status_code == 200


def test_two_hundred_readers_that_read_nothing_take_no_memory_and_keep_nobody_waiting(serve, indexing):
    """20 MB of events for each of 200: 4 GB, had anybody to keep them."""
    served = serve()
    job = begun(served.store, indexing("one"))
    asked = f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    slow = []
    for _ in range(200):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", served.port))
        one.sendall(asked)
        slow.append(one)
    while served.app.state.desk.streams < 200:
        time.sleep(0.02)
    before = resident()
    for start in range(0, 2000, 100):
        served.store.add_lines(job, 1, [note(start + number, 10_000) for number in range(100)], start)
        assert httpx2.get(f"{served.url}/v1/jobs/{job}", timeout=20).status_code == 200
    grown = resident() - before
    assert grown < 60 << 20
    served.store.finish(job, 1, DONE)
    reader = Reader(f"{served.url}/v1/jobs/{job}/events")
    assert reader.read() == 200
    assert sum(kind == "note" for kind, _ in reader.events) == 2000
    for one in slow:
        one.close()
    end = time.monotonic() + 20
    while served.app.state.desk.streams and time.monotonic() < end:
        time.sleep(0.02)
    assert served.app.state.desk.streams == 0
    assert served.store.notifier._waiting == {}


def resident():
    """Bytes of memory that this process has."""
    fields = Path("/proc/self/status").read_text().split()
    return int(fields[fields.index("VmRSS:") + 1]) << 10


@pytest.fixture
def claim():
    """Claim as a worker does, over HTTP; the answer."""

    def ask(served, wait, name="worker"):
        key = served.app.state.keys.grant(name, ("worker",))
        directory = read_identity(served.app.state.settings.data)
        body = {"worker": "w", "kind": "index", "directory": directory, "wait_seconds": wait}
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.post(f"{served.url}/v1/worker/claims", json=body, headers=headers, timeout=60)

    return ask


def test_a_worker_that_waits_is_given_a_job_as_soon_as_there_is_one(serve, indexing, claim, monkeypatch):
    """Woken, not by asking the disk again and again."""
    served = serve()
    asked = []
    claims = served.store.claim
    monkeypatch.setattr(served.store, "claim", lambda *args: asked.append(args) or claims(*args))
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(claim(served, 20)))
    waiting.start()
    time.sleep(1.0)
    start = time.monotonic()
    job, _ = served.store.submit("index", indexing("one"), "", None, 10)
    waiting.join()
    assert time.monotonic() - start < 5
    assert answers[0].json()["job"]["id"] == job.id
    assert len(asked) == 2


def test_a_worker_that_waits_in_vain_is_told_so_in_time(serve, claim):
    """204."""
    served = serve()
    start = time.monotonic()
    assert claim(served, 0.5).status_code == 204
    assert 0.4 < time.monotonic() - start < 5


def test_a_job_whose_timeline_becomes_free_wakes_who_waits(serve, indexing, claim):
    """The end of one job is the beginning of the next."""
    served = serve()
    first = begun(served.store, indexing("one"))
    other = indexing("one").model_copy(update={"engine": "words"})
    second, _ = served.store.submit("index", other, "", None, 10)
    threading.Timer(0.5, lambda: served.store.finish(first, 1, DONE)).start()
    assert claim(served, 20).json()["job"]["id"] == second.id


def test_a_worker_that_went_away_while_it_waited_is_given_nothing(serve, indexing):
    """Its job would be held by nobody until its lease is over."""
    served = serve()
    key = served.app.state.keys.grant("worker", ("worker",))
    body = json.dumps({"worker": "w", "kind": "index", "directory": read_identity(served.app.state.settings.data),
                       "wait_seconds": 20}).encode()  # fmt: skip
    with socket.create_connection(("127.0.0.1", served.port)) as one:
        one.sendall(
            b"POST /v1/worker/claims HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        time.sleep(0.5)
    time.sleep(0.3)
    job, _ = served.store.submit("index", indexing("one"), "", None, 10)
    time.sleep(0.5)
    assert served.store.get(job.id).state == "queued"


def test_jobs_of_silent_workers_are_collected_while_the_service_runs(serve, indexing, monkeypatch):
    """Nobody has to ask."""
    monkeypatch.setattr(keeper, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.4)
    served = serve()
    job = begun(served.store, indexing("one"))
    reader = Reader(f"{served.url}/v1/jobs/{job}/events")
    reader.read(most=3)
    assert [data["state"] for _, data in reader.events] == ["queued", "running", "queued"]
    assert "silent" in reader.events[2][1]["problem"]


@pytest.mark.parametrize(("name", "state"), [(EMBEDDED_WORKERS, "queued"), ("worker", "running")])
def test_what_its_own_workers_had_begun_waits_for_new_ones_when_the_service_answers(
    serve, indexing, claim, name, state
):
    """They ended with it, as their key tells; others have another lease."""
    served = serve()
    job, _ = served.store.submit("index", indexing("one"), "", None, 10)
    assert claim(served, 0, name).json()["job"]["id"] == job.id
    served.stop()
    served = serve()
    found = httpx2.get(f"{served.url}/v1/jobs/{job.id}").json()
    assert (found["state"], found["attempt"]) == (state, 1)


def test_a_disk_that_is_full_when_the_service_starts_does_not_keep_it_from_answering(
    serve, indexing, claim, monkeypatch
):
    """The jobs are taken up as soon as that can be written."""
    monkeypatch.setattr(keeper, "HEARTBEAT_SECONDS", 0.05)
    served = serve()
    job, _ = served.store.submit("index", indexing("one"), "", None, 10)
    claim(served, 0, EMBEDDED_WORKERS)
    served.stop()
    expire, tries = JobStore.expire, []

    def failing(store):
        tries.append(store)
        if len(tries) < 3:
            raise JobStoreError("The disk is full.")
        return expire(store)

    monkeypatch.setattr(JobStore, "expire", failing)
    served = serve()
    end = time.monotonic() + 20
    while served.store.get(job.id).state == "running" and time.monotonic() < end:
        time.sleep(0.02)
    assert served.store.get(job.id).state == "queued"
    assert len(tries) >= 3


def test_a_stream_that_cannot_be_read_on_is_cut_and_never_ends_as_if_all_had_come(serve, indexing, monkeypatch):
    """In the middle of either form: a reader sees that something is missing, and asks again."""
    served = serve()
    job = begun(served.store, indexing("one"))
    served.store.add_lines(job, 1, [note(number) for number in range(250)], 0)
    url = f"{served.url}/v1/jobs/{job}/events"
    page = served.store.events_page

    def breaking(job, after, limit):
        if after > 50:
            raise JobStoreError("The disk is gone.")
        return page(job, after, limit)

    with monkeypatch.context() as broken:
        broken.setattr(served.store, "events_page", breaking)
        for asked in (url, f"{url}?wait=false"):
            with httpx2.stream("GET", asked, timeout=30) as answer:
                assert answer.status_code == 200
                with pytest.raises(httpx2.RemoteProtocolError):
                    answer.read()
            refused = httpx2.get(asked, headers={"Last-Event-ID": "100"})
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/no-storage")
    assert served.app.state.desk.streams == 0
    assert len(httpx2.get(f"{url}?wait=false").text.splitlines()) == 252


def test_a_service_that_stops_ends_streams_and_polls_at_once_and_jobs_go_on_after_it(serve, indexing, claim):
    """A reader comes back to the new one where it was; the worker keeps its job and its attempt."""
    served = serve()
    job = begun(served.store, indexing("one"))
    served.store.add_lines(job, 1, [note(0)], 0)
    reader = Reader(f"{served.url}/v1/jobs/{job}/events")
    polls = []
    threads = [
        threading.Thread(target=reader.read),
        threading.Thread(target=lambda: polls.append(claim(served, 30).status_code)),
    ]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    start = time.monotonic()
    served.stop()
    for thread in threads:
        thread.join()
    assert time.monotonic() - start < 5
    assert polls == [503]
    served = serve()
    served.store.add_lines(job, 1, [note(0), note(1)], 0)
    served.store.finish(job, 1, DONE)
    reader.url = f"{served.url}/v1/jobs/{job}/events"
    reader.read()
    assert [data["text"] for kind, data in reader.events if kind == "note"] == ["0", "1"]
    assert [data["state"] for kind, data in reader.events if kind == "state"] == ["queued", "running", "succeeded"]
