"""kill -9 of a process that uses the job store from four threads: what it was told stays so."""

import sqlite3

from benchmarks.store_kills import Kills, check, kill_repeatedly


def test_every_acknowledged_fact_outlives_kill_9(tmp_path):
    """Ten kills at seeded moments; `python -m benchmarks.store_kills` does hundreds."""
    found = kill_repeatedly(tmp_path, kills=10, seed=20_261_121)
    assert found.problems == []
    assert found.kills == 10
    assert found.facts > 100
    assert found.jobs > 5


def test_the_check_finds_what_is_lost_and_what_is_made_up(tmp_path):
    """It would say so: facts are taken away from a sound store, one kind after the other."""
    kill_repeatedly(tmp_path, kills=2, seed=7)
    store, facts = tmp_path / "jobs.sqlite", tmp_path / "facts.jsonl"
    whole = facts.read_text()
    assert check(store, facts, Kills()) == []
    facts.write_text("".join(line + "\n" for line in whole.splitlines() if '"submitted"' not in line))
    assert any("nobody asked for" in one for one in check(store, facts, Kills()))
    facts.write_text(whole)
    spoiling = {
        "DELETE FROM events WHERE type = 'note'": "said",
        "UPDATE jobs SET state = 'queued' WHERE state = 'succeeded' AND number = (SELECT max(number) FROM jobs WHERE "
        "state = 'succeeded')": "ended",
        "DELETE FROM idempotency_keys": "submitted",
        "UPDATE jobs SET attempt = 0": "claimed",
        "DELETE FROM jobs": "no such job",
    }
    for statement, word in spoiling.items():
        raw = sqlite3.connect(store)
        raw.execute("DROP INDEX IF EXISTS one_active_job_of_a_request")
        raw.execute(statement)
        raw.commit()
        raw.close()
        assert any(word in one for one in check(store, facts, Kills())), word
