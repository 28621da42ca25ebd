"""kill -9 of a process that uses the job store from four threads: what it was told stays so."""

import json
import sqlite3

import pytest

from benchmarks.store_kills import Kills, check, kill_repeatedly
from exposure.api.lines import Line
from service.jobs.outcome import Outcome


def test_every_acknowledged_fact_outlives_kill_9(tmp_path):
    """Ten kills at seeded moments; `python -m benchmarks.store_kills` does hundreds."""
    found = kill_repeatedly(tmp_path, kills=10, seed=20_261_121)
    assert found.problems == []
    assert found.kills == 10
    assert found.facts > 50
    assert found.jobs > 5


@pytest.fixture
def facts(store, indexing, tmp_path):
    """The facts of a process that was never killed: ten jobs, one of them done, one cancelled."""
    told = [["started"]]
    for number in range(10):
        job, is_new = store.submit("index", indexing(f"t{number}"), "me", str(number), 100)
        told.append(["submitted", job.id, f"t{number}", str(number), is_new])
    claim = store.claim("index", "w")
    told.append(["claimed", claim.job.id, 1])
    store.add_lines(claim.job.id, 1, [Line("note", {"text": "a"}), Line("note", {"text": "b"})])
    told.append(["said", claim.job.id, 1, ["a", "b"]])
    ended = store.finish(claim.job.id, 1, Outcome("succeeded", {"made": 1}))
    told.append(["ended", ended.id, 1, ended.state, ended.result, ended.problem])
    told.append(["cancelled", job.id, store.cancel(job.id).state])
    store.close()
    file = tmp_path / "facts.jsonl"
    file.write_text("".join(json.dumps(fact) + "\n" for fact in told))
    return file


SPOILING = {
    "DELETE FROM events WHERE type = 'note'": "said",
    "UPDATE jobs SET state = 'queued', finished = NULL WHERE state = 'succeeded'": "ended",
    "UPDATE jobs SET state = 'queued' WHERE state = 'cancelled'": "cancelled",
    "DELETE FROM idempotency_keys": "submitted",
    "UPDATE jobs SET attempt = 0": "claimed",
    "DELETE FROM jobs WHERE number = 3": "no such job",
    "UPDATE jobs SET digest = (SELECT max(digest) FROM jobs)": "one request twice",
    "UPDATE jobs SET state = 'running', claims = 'x'": "two jobs on one timeline",
    "INSERT INTO events (job, type, data) SELECT job, type, data FROM events WHERE type = 'note'": "a line twice",
    "UPDATE jobs SET attempt = attempt + 5": "attempts that nobody made",
}


@pytest.mark.parametrize(("statement", "word"), SPOILING.items())
def test_the_check_finds_what_is_lost_and_what_is_made_up(facts, tmp_path, statement, word):
    """It would say so: a sound store is spoilt behind its back."""
    assert check(tmp_path / "jobs.sqlite", facts, Kills()) == []
    raw = sqlite3.connect(tmp_path / "jobs.sqlite")
    raw.execute("DROP INDEX one_active_job_of_a_request")
    raw.execute("DROP INDEX one_running_job_of_a_claim")
    raw.execute(statement)
    raw.commit()
    raw.close()
    assert any(word in one for one in check(tmp_path / "jobs.sqlite", facts, Kills()))


def test_the_check_finds_jobs_that_nobody_asked_for(facts, tmp_path):
    """More than were cut off between the disk and the telling."""
    told = [line for line in facts.read_text().splitlines() if "submitted" not in line]
    facts.write_text("\n".join(told))
    assert any("nobody asked for" in one for one in check(tmp_path / "jobs.sqlite", facts, Kills()))
