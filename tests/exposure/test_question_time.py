"""A question can be ended by another thread, whatever it is doing."""

import threading
import time

import duckdb
import pytest
import worlds

from exposure.generation_reader import ReaderLimits, connect
from exposure.question_time import Watch, watched
from exposure.timeline import Timeline

ENDLESS = "SELECT count(*) FROM range(1_000_000_000_000) one(a) WHERE hash(a) = 7"


def test_a_question_is_ended_while_duckdb_works() -> None:
    """The thread that asks gets an exception; its timeline answers on."""
    with Timeline.open(worlds.timeline()) as timeline, Watch() as watch:
        cursor = timeline.cursor()
        ending = threading.Timer(0.2, watch.interrupt)
        ending.start()
        with pytest.raises(duckdb.InterruptException):
            cursor.sql(ENDLESS).to_arrow_table()
        ending.join()
        with pytest.raises(duckdb.InterruptException):
            timeline.cursor()
    with Timeline.open(worlds.timeline()) as timeline:
        assert timeline.cursor().execute("SELECT 1").fetchall() == [(1,)]


def test_each_thread_has_its_own_watch() -> None:
    """Ending one question ends no other, and what is asked under no watch is never ended."""
    with Timeline.open(worlds.timeline()) as timeline:
        ended, begun = [], threading.Barrier(2)

        def ask() -> None:
            with Watch() as watch:
                cursor = timeline.cursor()
                threading.Timer(0.2, watch.interrupt).start()
                begun.wait()
                try:
                    cursor.sql(ENDLESS).fetchall()
                except duckdb.InterruptException:
                    ended.append(time.monotonic())

        asking = threading.Thread(target=ask)
        asking.start()
        with Watch():
            cursor = timeline.cursor()
            begun.wait()
            while asking.is_alive():
                assert cursor.execute("SELECT count(*) FROM phrases").fetchall()
        assert len(ended) == 1
    free = duckdb.connect()
    assert watched(free) is free


def test_who_opens_a_generation_first_decides_and_others_share_it() -> None:
    """DuckDB would refuse a second connection of one process with other settings."""
    with Timeline.open(worlds.timeline()) as timeline:
        generation = timeline.generation
    memory = "SELECT current_setting('memory_limit')"
    first = connect(generation, ReaderLimits("100MiB", 1))
    second = connect(generation)
    assert first.execute(memory).fetchall() == second.execute(memory).fetchall() == [("100.0 MiB",)]
    first.close()
    second.close()
    third = connect(generation, ReaderLimits("200MiB", 1))
    assert third.execute(memory).fetchall() == [("200.0 MiB",)]
    third.close()


def test_a_generation_takes_no_more_memory_than_it_may() -> None:
    """And writes nothing beside it: what does not fit is an error."""
    with Timeline.open(worlds.timeline()) as timeline:
        generation = timeline.generation
    connection = connect(generation, ReaderLimits("40MB", 1))
    try:
        settings = "SELECT current_setting('threads'), current_setting('max_temp_directory_size')"
        assert connection.execute(settings).fetchall() == [(1, "0 bytes")]
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute("SELECT list(a) FROM range(50_000_000) one(a)").fetchall()
        assert connection.execute("SELECT count(*) > 0 FROM phrases").fetchall() == [(True,)]
        with pytest.raises(duckdb.Error):
            connection.execute("SET memory_limit = '10GB'")
    finally:
        connection.close()
    assert [one for one in generation.parent.iterdir() if "tmp" in one.name] == []
