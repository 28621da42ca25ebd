"""No question takes longer, or more memory, than one may."""

import time

import pytest

from exposure.timeline import Timeline
from service.catalog import Catalog
from service.errors import TooSlowError
from service.settings import Limits, Settings
from service.telemetry.watchdog import Watchdog

ENDLESS = "SELECT count(*) FROM range(1_000_000_000_000) one(a) WHERE hash(a) = 7"


@pytest.fixture
def slow(monkeypatch):
    """Every question about exposures takes for ever."""
    monkeypatch.setattr(Timeline, "exposures", lambda self, _: self.cursor().execute(ENDLESS).fetchall())


def test_a_question_that_takes_too_long_is_ended_and_the_next_is_answered(client_of, data, slow):
    """503 with a sentence; the generation stays open and whole."""
    client = client_of(Settings(data, limits=Limits(query_seconds=0.3)))
    began = time.monotonic()
    answer = client.get("/v1/timelines/tiny/exposures?phrase=cats sleep")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/too-slow")
    assert "0.3 s" in answer.json()["detail"]
    assert 0.3 <= time.monotonic() - began < 20
    assert client.get("/v1/timelines/tiny/history?phrase=cats sleep").status_code == 200


def test_a_question_that_needs_too_much_memory_is_refused(client_of, data, monkeypatch):
    """422, and not a defect of the service."""
    query = "SELECT list(a) FROM range(50_000_000) one(a)"
    monkeypatch.setattr(Timeline, "exposures", lambda self, _: self.cursor().execute(query).fetchall())
    client = client_of(Settings(data, limits=Limits(duckdb_memory="60MB", duckdb_threads=1)))
    answer = client.get("/v1/timelines/tiny/exposures?phrase=cats sleep")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/limit-exceeded")
    assert client.get("/v1/timelines/tiny/history?phrase=cats sleep").status_code == 200


def test_generations_are_opened_with_the_limits_of_the_service(data):
    """Memory, threads, and no room on the disk."""
    catalog = Catalog(Settings(data, limits=Limits(duckdb_memory="123MiB", duckdb_threads=1)))
    query = (
        "SELECT current_setting(one) FROM (VALUES ('memory_limit'), ('threads'), ('max_temp_directory_size')) t(one)"
    )
    names = ("memory_limit", "threads", "max_temp_directory_size")
    with catalog.open("tiny") as opened:
        query = ", ".join(f"current_setting('{name}')" for name in names)
        (found,) = opened.timeline.cursor().execute(f"SELECT {query}").fetchall()
    catalog.close()
    assert found == ("123.0 MiB", 1, "0 bytes")


def test_an_interruption_that_was_missed_is_said_again(data):
    """A question of many steps ends, though none of them takes long."""
    catalog = Catalog(Settings(data, limits=Limits(query_seconds=0.2)))
    with pytest.raises(TooSlowError):
        _ask_in_steps(catalog)
    with catalog.open("tiny") as opened:
        assert opened.timeline.cursor().execute("SELECT 1").fetchall() == [(1,)]
    catalog.close()


def _ask_in_steps(catalog: Catalog) -> None:
    began = time.monotonic()
    with catalog.open("tiny") as opened:
        cursor = opened.timeline.cursor()
        while time.monotonic() - began < 20:
            cursor.execute("SELECT count(*) FROM range(100_000) one(a) WHERE hash(a) % 3 = 1").fetchall()


def test_the_watchdog_ends_with_the_catalog_and_holds_nothing_of_questions_that_are_over():
    """However many questions came and went."""
    watchdog = Watchdog(0.2)
    for _ in range(1000):
        with watchdog.watching():
            pass
    assert not watchdog._watches
    thread = watchdog._thread
    assert thread is not None
    watchdog.close()
    assert not thread.is_alive()
