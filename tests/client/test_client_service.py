"""The client against services as they are started: keys, small limits, and one that is killed while somebody waits."""

import asyncio
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from served_worlds import Served, make_world
from shell import exposure

from exposure.answers import FirstSeen
from exposure.client import AsyncClient, Client, Forbidden, LimitExceeded, Retries, Table, Unauthorised
from exposure.timeline import Timeline

MOST = 40
"""Phrases that the service takes in one request."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with the timeline toy, keys, and a configuration with small limits."""
    folder = tmp_path_factory.mktemp("served")
    make_world(folder)
    (folder / "small.toml").write_text(f"[limits]\nphrases = {MOST}\n\n[workers]\nevaluate = 0\n")
    for arguments in (
        ("phrases", folder / "pairs.jsonl", "-o", folder / "phrases.parquet"),
        (
            "index",
            "--run",
            folder / "run.json",
            "--phrases",
            folder / "phrases.parquet",
            "--out",
            folder / "data" / "timelines" / "toy",
        ),
    ):
        assert exposure(*arguments).status == 0
    return folder


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, str]:
    """A key for each of two scopes."""
    made = {}
    for scope in ("read", "admin"):
        answer = exposure("keys", "add", scope, "--scope", scope, "--file", folder / "keys.json")
        assert answer.status == 0, answer.err
        made[scope] = answer.out.split()[-1]
    return made


@pytest.fixture(scope="module")
def served(folder: Path, keys: dict[str, str]) -> Iterator[Served]:
    """A service with keys and small limits."""
    service = Served.start(folder, 0, "--keys", "keys.json", "--config", "small.toml")
    yield service
    service.end()


def test_look_ups_beyond_the_limit_are_those_of_the_timeline(
    served: Served, folder: Path, keys: dict[str, str]
) -> None:
    """All phrases, in order, by both clients, in more requests than one."""
    with Timeline.open(folder / "data" / "timelines" / "toy") as timeline:
        indexed = pq.read_table(folder / "phrases.parquet")["phrase"].drop_null().unique().to_pylist()
        asked = [*indexed, "zebra", *(f"number {number}" for number in range(150)), indexed[0].upper()]
        own = timeline.first_seen(asked, 50)

    async def awaited() -> Table[FirstSeen]:
        async with AsyncClient(served.url, keys["read"]) as client:
            return await client.timelines.first_seen("toy", asked, at_step=50)

    with Client(served.url, keys["read"]) as client:
        table = client.timelines.first_seen("toy", asked, at_step=50)
        assert table.rows == own
        with pytest.raises(LimitExceeded):
            client.timelines.first_seen("toy", "a" * 2000)
    assert asyncio.run(awaited()).rows == own
    assert table.arrow().num_rows == len(own) > MOST


def test_keys_open_what_their_scope_allows(served: Served, keys: dict[str, str]) -> None:
    """None and an unknown one are refused, and so is a removal by one that may only read."""
    for key in (None, "unknown"):
        with Client(served.url, key) as client, pytest.raises(Unauthorised):
            client.timelines.list()
    with Client(served.url, keys["read"]) as client:
        assert [entry.name for entry in client.timelines.list()] == ["toy"]
        with pytest.raises(Forbidden, match="no scope admin"):
            client.timelines.remove("toy")


def test_waiting_outlasts_a_service_that_is_killed(folder: Path, tmp_path: Path) -> None:
    """A job is waited for across the restart of the service, and its events are followed without a gap."""
    shutil.copytree(folder, tmp_path / "own")
    service = Served.start(tmp_path / "own", 0, "--no-workers")
    again = None
    try:
        with Client(service.url, retries=Retries(most_seconds=1.0, stream_times=100)) as client:
            client.runs.register("toy", "corpora", "run.json")
            phrases = client.phrase_sets.upload(["these books", "the merchants"])
            job = client.jobs.index(run="toy", timeline="later", phrase_sets=[phrases.id])
            ended: list[object] = []
            waiting = threading.Thread(target=lambda: ended.append(client.jobs.wait(job, timeout=90)))
            waiting.start()
            events = client.jobs.events(job)
            seen = [next(events)]
            service.end(signal.SIGKILL)
            again = Served.start(tmp_path / "own", service.port, "--config", "small.toml")
            seen += events
            waiting.join()
            (done,) = ended
            assert done == client.jobs.get(job)
            states = [event.data["state"] for event in seen if event.type == "state"]
            assert (states[0], states[-1]) == ("queued", "succeeded")
            assert len({event.id for event in seen}) == len(seen)
            assert client.timelines.get("later").phrases == 2
            client.timelines.remove("later")
            assert [entry.name for entry in client.timelines.list()] == ["toy"]
    finally:
        (again or service).end()
