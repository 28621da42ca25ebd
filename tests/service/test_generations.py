"""New generations are taken up as they are published, and old ones kept as long as requests use them."""

import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pytest

import service.generations
from exposure.timeline import Timeline
from service.catalog import Catalog
from service.settings import Settings

ASKED = "dog barks"
"""Indexed in grown's second generation only."""


@pytest.fixture
def opened(monkeypatch):
    """Every Timeline that the service opens."""
    held = []

    class Recorded(Timeline):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            held.append(self)

    monkeypatch.setattr(service.generations, "Timeline", Recorded)
    return held


def is_closed(timeline: Timeline) -> bool:
    """Whether its connection is."""
    try:
        timeline.cursor()
    except duckdb.ConnectionException:
        return True
    return False


def test_a_generation_is_opened_once(data, opened):
    """A hundred requests open one file once."""
    catalog = Catalog(Settings(data))
    for _ in range(100):
        with catalog.open("tiny") as held:
            held.timeline.first_seen(["cats sleep"])
    assert len(opened) == 1
    catalog.close()
    assert is_closed(opened[0])


def test_a_request_keeps_its_generation_while_the_next_gets_the_new_one(data, generations, make_current, opened):
    """Nothing that runs is dropped, and nothing that starts later is old."""
    first, second = generations
    make_current(first)
    catalog = Catalog(Settings(data))
    with catalog.open("grown") as old:
        make_current(second)
        with catalog.open("grown") as new:
            assert (old.digest, new.digest) == (first, second)
            assert [one.timeline.first_seen([ASKED])[0].status for one in (old, new)] == ["not_indexed", "seen"]
        assert not is_closed(old.timeline)
    assert is_closed(old.timeline)
    assert not is_closed(new.timeline)


def test_the_same_generation_published_again_is_not_opened_again(data, generations, make_current, opened):
    """CURRENT may be written anew with what it says already."""
    catalog = Catalog(Settings(data))
    for _ in range(3):
        make_current(generations[1])
        with catalog.open("grown"):
            pass
    assert len(opened) == 1


def test_a_current_that_breaks_and_is_mended_goes_on(client, data, generations, make_current):
    """While CURRENT is broken the timeline is a problem, afterwards it answers."""
    assert client.get("/v1/timelines/grown").status_code == 200
    (data / "timelines" / "grown" / "CURRENT").unlink()
    assert client.get("/v1/timelines/grown").status_code == 409
    make_current(generations[1])
    assert client.get("/v1/timelines/grown").status_code == 200


def test_concurrent_requests_never_mix_generations(client, generations, make_current, opened):
    """Whatever is current when each of many threads asks, an answer is wholly of the generation that it names."""
    expected = {generations[0]: "not_indexed", generations[1]: "seen"}
    is_over, right = threading.Event(), []

    def ask(_: int) -> None:
        while not is_over.is_set():
            answer = client.get("/v1/timelines/grown/first-seen", params={"phrase": ASKED}).json()
            assert answer["answers"][0]["status"] == expected[answer["generation"]]
            right.append(answer["generation"])

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(ask, number) for number in range(8)]
        try:
            for number in itertools.count():
                make_current(generations[number % 2])
                time.sleep(0.01)
                if number >= 120 and (len(right) > 100 or any(one.done() for one in running)):
                    break
        finally:
            is_over.set()
        for one in running:
            one.result()
    assert set(right) == set(generations)
    assert len(opened) > 10, "the switches were never seen"
    assert [is_closed(one) for one in opened].count(False) == 1


def test_questions_are_answered_while_the_indexer_publishes(address, data, workshop):
    """`exposure index` in its own process adds phrases; every request meanwhile is answered, the last from the new."""
    url = f"{address}/v1/timelines/tiny/first-seen?phrase={urllib.parse.quote(ASKED)}"
    command = [sys.executable, "-m", "exposure", "index", "--run", workshop / "run.json", "--phrases",
               workshop / "more.parquet", "--out", data / "timelines" / "tiny"]  # fmt: skip
    indexing = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE)
    statuses = []
    while indexing.poll() is None:
        statuses.append(_status(url))
    assert indexing.communicate()[1] is not None
    assert indexing.returncode == 0
    assert statuses[0] == "not_indexed"
    assert statuses == sorted(statuses)  # "not_indexed", then "seen", never back
    assert _status(url) == "seen"


def _status(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as response:
        status: str = json.load(response)["answers"][0]["status"]
    return status


def test_many_threads_ask_one_generation_and_get_their_own_answers(reader):
    """One connection is shared, cursors are not: no thread gets another's rows."""
    phrases = ["cats sleep", "these books", "this book", "zebra", "birds fly", "this books"]
    alone = {one: reader.get("/v1/timelines/tiny/first-seen", params={"phrase": one}).json() for one in phrases}

    def ask(number: int) -> bool:
        phrase = phrases[number % len(phrases)]
        return reader.get("/v1/timelines/tiny/first-seen", params={"phrase": phrase}).json() == alone[phrase]

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(ask, range(600)))
