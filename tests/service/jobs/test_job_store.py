"""What the job store promises, one promise at a time; test_job_store_model.py tries them in any order."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line
from exposure.api.names import RootedPath
from exposure.api.requests import EvaluationRequest, IndexRequest
from service.errors import BusyError, KeyReuseError, ParameterError, StaleAttemptError
from service.jobs import events
from service.jobs.cursor import cursor_after, number_of
from service.jobs.filters import JobFilter
from service.jobs.outcome import Outcome

CRASH = Outcome("failed", problem="It crashed.", is_retryable=True)


def submit(store, request, key=None, owner="me", limit=100):
    kind = "index" if isinstance(request, IndexRequest) else "evaluate"
    return store.submit(kind, request, owner, key, limit)


def notes(count, first=0):
    return [Line("note", {"text": str(number)}) for number in range(first, first + count)]


def test_a_job_goes_from_queued_to_succeeded_and_every_step_is_an_event(store, indexing, clocks):
    """With times, worker, attempt, progress and result where they belong."""
    job, is_new = submit(store, indexing("one"))
    assert is_new
    assert (job.state, job.created, job.attempt, job.worker) == ("queued", clocks.wall, 0, None)
    clocks.wall += 5
    claim = store.claim("index", "w1")
    assert (claim.job.id, claim.attempt, claim.lease_seconds, claim.heartbeat_seconds) == (job.id, 1, 30.0, 5.0)
    store.heartbeat(job.id, 1, JobProgress("scan", 1.0, 2.0, "B"))
    store.heartbeat(job.id, 1, JobProgress("scan", 2.0, 2.0, "B"))
    clocks.wall += 5
    done = store.finish(job.id, 1, Outcome("succeeded", {"timeline": "one"}))
    assert (done.state, done.started, done.finished) == ("succeeded", job.created + 5, job.created + 10)
    assert (done.result, done.problem, done.worker) == ({"timeline": "one"}, None, "w1")
    told = [(one.type, one.data.get("state"), one.data.get("done")) for one in store.events_after(job.id, 0, 100)]
    assert told == [
        *(("state", "queued", None), ("state", "running", None)),
        *(("progress", None, 2.0), ("state", "succeeded", None)),
    ]


def test_the_request_is_kept_with_every_default_filled_in(store, indexing):
    """Nobody has to know what the defaults were then."""
    job, _ = submit(store, indexing("one"))
    assert job.request == indexing("one").model_dump(mode="json")
    assert job.request["match"] == {"case": "fold", "boundary": "word", "whitespace": "collapse"}


def test_a_request_that_was_cancelled_while_it_ran_can_be_made_anew_at_once(store, indexing):
    """The new job waits until the old one has let go of the timeline."""
    old, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    assert store.cancel(old.id).is_cancelling
    new, is_new = submit(store, indexing("one"))
    assert is_new
    assert new.id != old.id
    assert store.claim("index", "w") is None
    store.finish(old.id, 1, Outcome("cancelled", problem="As asked."))
    assert store.claim("index", "w").job.id == new.id


def test_an_idempotency_key_holds_for_ever_for_its_owner_alone(store, indexing, opened):
    """Also after the job has ended and the service was started again."""
    job, _ = submit(store, indexing("one"), key="k")
    store.cancel(job.id)
    store.close()
    store = opened()
    assert submit(store, indexing("one"), key="k") == (store.get(job.id), False)
    with pytest.raises(KeyReuseError, match=job.id):
        submit(store, indexing("two"), key="k")
    other, is_new = submit(store, indexing("two"), key="k", owner="another")
    assert is_new
    assert other.request["timeline"] == "two"


def test_a_key_is_bound_to_the_job_that_the_same_request_already_was(store, indexing):
    """Two clients that ask for the same may each ask again."""
    job, _ = submit(store, indexing("one"), key="k")
    assert submit(store, indexing("one"), key="l") == (job, False)
    store.cancel(job.id)
    assert submit(store, indexing("one"), key="l")[0].id == job.id


def test_more_active_jobs_than_the_limit_are_refused_and_the_same_ones_never(store, indexing):
    """A client that asks again for what runs is answered, however full the queue is."""
    jobs = [submit(store, indexing(name), limit=2)[0] for name in ("one", "two")]
    with pytest.raises(BusyError) as refused:
        submit(store, indexing("three"), limit=2)
    assert refused.value.retry_seconds >= 1
    assert submit(store, indexing("two"), limit=2) == (jobs[1], False)
    store.cancel(jobs[0].id)
    assert submit(store, indexing("three"), limit=2)[1]


def test_an_index_job_and_an_evaluation_may_share_a_timeline(store, indexing):
    """Evaluations read published generations, which nothing changes."""
    submit(store, indexing("one"))
    asked = EvaluationRequest(name="one", checkpoints=RootedPath(root="m", path="p"), pair_set="b" * 40, timeline="one")
    submit(store, asked)
    assert store.claim("index", "w") is not None
    assert store.claim("evaluate", "w") is not None


def test_a_late_outcome_of_a_lapsed_attempt_is_stale(store, indexing, clocks):
    """A worker that was away for too long is told, whatever it brings."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w1")
    clocks.monotonic += 30
    (lapsed,) = store.expire()
    assert (lapsed.state, lapsed.attempt) == ("queued", 1)
    assert "silent" in lapsed.problem
    for attempt in (1, 2):
        with pytest.raises(StaleAttemptError):
            store.finish(job.id, attempt, Outcome("succeeded", {}))
    assert store.claim("index", "w2").attempt == 2
    with pytest.raises(StaleAttemptError):
        store.heartbeat(job.id, 1, None)
    assert store.get(job.id).worker == "w2"


def test_three_broken_attempts_are_the_end_and_those_given_back_count_for_nothing(store, indexing, clocks):
    """A worker that is restarted every hour does not end a job that takes days."""
    job, _ = submit(store, indexing("one"))
    stopping = Outcome("cancelled", problem="The worker stops.", is_retryable=True)
    for number in range(1, 6):
        assert store.finish(job.id, store.claim("index", "w").attempt, stopping).state == "queued"
        assert store.get(job.id).attempt == number
    for number in (6, 7):
        store.claim("index", "w")
        assert store.finish(job.id, number, CRASH).state == "queued"
    store.claim("index", "w")
    clocks.monotonic += 31
    (failed,) = store.expire()
    assert (failed.state, failed.attempt) == ("failed", 8)
    assert "3 times" in failed.problem


def test_leases_outlast_restarts_and_every_jump_of_the_wall_clock(store, indexing, clocks, opened):
    """A worker that speaks within 30 seconds of the restart has lost nothing."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    clocks.monotonic += 29
    store.close()
    clocks.wall -= 10_000_000
    store = opened()
    clocks.monotonic += 29
    assert store.expire() == ()
    store.heartbeat(job.id, 1, None)
    clocks.wall += 50_000_000
    clocks.monotonic += 29
    assert store.expire() == ()
    assert store.get(job.id).state == "running"


@pytest.fixture
def restarted(store, opened, clocks):
    """The store as it is after the service was killed, its own workers with it, and started again."""
    open_now = [store]

    def restart():
        open_now[0].close()
        clocks.monotonic = 7.0  # a machine that was started anew counts anew
        open_now[0] = opened()
        return open_now[0]

    return restart


def test_jobs_of_the_services_own_workers_are_queued_again_at_once_when_it_starts(store, indexing, restarted):
    """They ended with it, so nobody is waited for; those of others keep a whole lease."""
    own, _ = submit(store, indexing("own"))
    others, _ = submit(store, indexing("others"))
    store.claim("index", "w", is_embedded=True)
    store.claim("index", "elsewhere")
    store = restarted()
    assert [one.id for one in store.expire()] == [own.id]
    assert (store.get(own.id).state, store.get(own.id).worker) == ("queued", None)
    assert "ended with the service" in store.get(own.id).problem
    with pytest.raises(StaleAttemptError):
        store.heartbeat(own.id, 1, None)
    assert store.heartbeat(others.id, 1, None).lease_seconds == 30
    assert store.claim("index", "w", is_embedded=True).attempt == 2


@pytest.mark.parametrize("is_embedded", [True, False])
def test_a_job_that_was_killed_only_together_with_the_service_does_not_fail(
    store, indexing, clocks, restarted, is_embedded
):
    """Ten times; and two crashes of its own beside them are still no end."""
    job, _ = submit(store, indexing("one"))
    for number in range(1, 11):
        assert store.claim("index", "w", is_embedded).attempt == number
        store = restarted()
        if not is_embedded:
            assert store.expire() == ()
            clocks.monotonic += 30
        assert [one.state for one in store.expire()] == ["queued"]
    for number in (11, 12):
        store.claim("index", "w", is_embedded)
        assert store.finish(job.id, number, CRASH).state == "queued"
    store.claim("index", "w", is_embedded)
    assert store.finish(job.id, 13, Outcome("succeeded", {})).state == "succeeded"


def test_a_job_that_takes_the_machine_with_it_each_time_comes_to_an_end(store, indexing, restarted):
    """After ten times they count as broken, and three of those are the last."""
    job, _ = submit(store, indexing("one"))
    for _ in range(13):
        assert store.get(job.id).state == "queued"
        store.claim("index", "w", is_embedded=True)
        store = restarted()
        store.expire()
    failed = store.get(job.id)
    assert (failed.state, failed.attempt) == ("failed", 13)
    assert "3 times, and 10 times it ended with the service" in failed.problem


def test_a_worker_that_was_heard_since_the_restart_counts_when_it_falls_silent(store, indexing, clocks, restarted):
    """As does an own worker that died while the service lived."""
    jobs = [submit(store, indexing(name))[0].id for name in ("one", "two")]
    store.claim("index", "elsewhere")
    store = restarted()
    store.heartbeat(jobs[0], 1, None)
    store.claim("index", "w", is_embedded=True)
    for attempt in (1, 2, 3):
        clocks.monotonic += 30
        ended = store.expire()
        assert [one.state for one in ended] == ["queued" if attempt < 3 else "failed"] * 2
        while store.claim("index", "w", is_embedded=True):
            pass


def test_a_job_that_was_being_cancelled_when_the_service_died_is_cancelled(store, indexing, restarted):
    """And not begun again."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w", is_embedded=True)
    store.cancel(job.id)
    store = restarted()
    assert [one.state for one in store.expire()] == ["cancelled"]
    assert store.claim("index", "w") is None


def test_when_the_service_itself_was_held_up_every_worker_may_speak_again(store, indexing, clocks):
    """A service that was stopped for a minute did not hear anybody."""
    submit(store, indexing("one"))
    store.claim("index", "w")
    clocks.monotonic += 60
    store.renew_leases()
    assert store.expire() == ()


def test_lines_that_are_sent_again_count_once(store, indexing):
    """A worker whose connection broke sends them again, from wherever it is sure."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    store.add_lines(job.id, 1, notes(3), 0)
    store.add_lines(job.id, 1, notes(3), 0)
    store.add_lines(job.id, 1, notes(3, first=1), 1)
    texts = [one.data["text"] for one in store.events_after(job.id, 0, 100) if one.type == "note"]
    assert texts == ["0", "1", "2", "3"]


def test_the_newest_events_are_kept_and_a_note_says_how_many_were_dropped(store, indexing, monkeypatch):
    """States and the progress are always there, and a reader who was further misses nothing."""
    monkeypatch.setattr(events, "KEPT_EVENTS", 20)
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    said, followed = 0, []
    for size in (5, 13, 1, 1, 7, 30, 2):
        store.add_lines(job.id, 1, notes(size, first=said))
        store.heartbeat(job.id, 1, JobProgress("scan", float(said), 100.0, "B"))
        said += size
        followed += store.events_after(job.id, followed[-1].id if followed else 0, 1000)
        kept = [one for one in store.events_after(job.id, 0, 1000) if one.type != "progress"]
        assert len(kept) == min(said + 2, 20)
        assert [one.data["state"] for one in kept if one.type == "state"] == ["queued", "running"]
        texts = [one for one in kept if one.type == "note"]
        dropped = [one.data["dropped"] for one in texts if "dropped" in one.data]
        whole = [int(one.data["text"]) for one in texts if "dropped" not in one.data]
        assert whole == list(range(said - len(whole), said))
        assert dropped == ([said - len(whole)] if said + 2 > 20 else [])
        assert "dropped" not in texts[-1].data
    assert len([one for one in store.events_after(job.id, 0, 1000) if one.type == "progress"]) == 1
    # One who read as it went missed only some of the 30 that came at once.
    numbers = [int(one.data["text"]) for one in followed if one.type == "note" and "dropped" not in one.data]
    assert numbers == sorted(set(numbers))
    assert set(range(said)) - set(numbers) == set(range(27, 27 + 13))


def test_events_come_in_pages_that_large_ones_cut_short(store, indexing):
    """A reader holds some hundred kilobytes at most, and loses nothing."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    store.add_lines(job.id, 1, [Line("note", {"text": str(number) * 60_000}) for number in range(10)])
    after, seen, pages = 0, [], 0
    while page := store.events_after(job.id, after, 1000):
        assert sum(len(str(one.data)) for one in page) < 140_000
        seen += [one.data["text"][0] for one in page if one.type == "note"]
        after, pages = page[-1].id, pages + 1
    assert seen == list("0123456789")
    assert pages > 1


def test_active_jobs_and_counts_are_what_was_asked_for(store, indexing):
    """For deletions (what is in use) and for metrics."""
    jobs = [submit(store, indexing(name))[0] for name in ("one", "two", "three")]
    store.cancel(jobs[1].id)
    store.claim("index", "w")
    assert [one.id for one in store.active()] == [jobs[0].id, jobs[2].id]
    assert [one.id for one in store.active(JobFilter(timeline="three"))] == [jobs[2].id]
    assert store.counts() == {("index", "running"): 1, ("index", "cancelled"): 1, ("index", "queued"): 1}


def test_pages_are_not_shifted_by_jobs_that_come_meanwhile(store, indexing):
    """Every job that was there at the first page is shown once."""
    before = [submit(store, indexing(f"t{number}"))[0].id for number in range(5)]
    first = store.list(JobFilter(), None, 2)
    submit(store, indexing("late"))
    second = store.list(JobFilter(), first.next, 2)
    third = store.list(JobFilter(), second.next, 2)
    assert [one.id for page in (first, second, third) for one in page.jobs] == before[::-1]
    assert third.next is None


@pytest.mark.parametrize("text", ["", "x", "ajE6", "ajE6MTI=", "é", "ajE6LTE", "A" * 5000, cursor_after(7)[:-1]])
def test_what_is_no_cursor_is_refused(text):
    """And nothing that is one is."""
    assert number_of(cursor_after(12)) == 12
    with pytest.raises(ParameterError, match="cursor"):
        number_of(text)


def test_pruning_takes_events_and_keys_along_and_leaves_what_is_not_over(store, indexing, clocks, tmp_path):
    """Checked in the file itself."""
    old, _ = submit(store, indexing("old"), key="k")
    store.cancel(old.id)
    running, _ = submit(store, indexing("running"))
    store.claim("index", "w")
    clocks.wall += 10 * 86_400 + 1
    recent, _ = submit(store, indexing("recent"))
    store.cancel(recent.id)
    assert store.prune(10) == 1
    assert {one.id for one in store.list(JobFilter(), None, 10).jobs} == {running.id, recent.id}
    with sqlite3.connect(tmp_path / "jobs.sqlite") as raw:
        orphans = raw.execute("SELECT count(*) FROM events WHERE job NOT IN (SELECT number FROM jobs)").fetchone()
        keys = raw.execute("SELECT count(*) FROM idempotency_keys").fetchone()
    raw.close()
    assert (orphans, keys) == ((0,), (0,))
    assert submit(store, indexing("old"), key="k")[1]


def test_numbers_are_never_given_twice(store, indexing, clocks):
    """A cursor or a Last-Event-ID from before a pruning leads nowhere else."""
    job, _ = submit(store, indexing("one"))
    last = store.events_after(store.cancel(job.id).id, 0, 100)[-1].id
    clocks.wall += 1
    assert store.prune(0) == 1
    again, _ = submit(store, indexing("one"))
    assert store.events_after(again.id, 0, 100)[0].id > last


def test_two_threads_never_get_the_same_job(store, indexing):
    """Every job is claimed by one, in order of submission for each of them."""
    jobs = [submit(store, indexing(f"t{number}"))[0].id for number in range(40)]
    start = threading.Barrier(4)

    def work(name):
        start.wait()
        mine = []
        while claim := store.claim("index", name):
            mine.append(claim.job.id)
        return mine

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(work, "abcd"))
    assert sorted(one for mine in taken for one in mine) == sorted(jobs)
    assert all(mine == sorted(mine, key=jobs.index) for mine in taken)


def test_the_same_request_from_many_threads_is_one_job(store, indexing):
    """However close together they come."""
    start = threading.Barrier(8)

    def ask(number):
        start.wait()
        return submit(store, indexing("one"), key=str(number % 3))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert len({job.id for job, _ in answers}) == 1
    assert sum(is_new for _, is_new in answers) == 1


def test_a_heartbeat_that_comes_while_leases_are_collected_saves_the_job(store, indexing, clocks, monkeypatch):
    """Between finding a lease over and taking the job, the worker may have spoken."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    clocks.monotonic += 30
    leases = store._leases
    found_over = leases.over

    def over_then_heartbeat():
        found = found_over()
        store.heartbeat(job.id, 1, None)
        return found

    monkeypatch.setattr(leases, "over", over_then_heartbeat)
    assert store.expire() == ()
    assert store.get(job.id).state == "running"
    clocks.monotonic += 30
    monkeypatch.setattr(leases, "over", found_over)
    assert [one.state for one in store.expire()] == ["queued"]


@pytest.mark.parametrize(
    "outcome", [CRASH, Outcome("cancelled", problem="The worker stops.", is_retryable=True), None], ids=str
)
def test_a_job_that_is_being_cancelled_is_never_tried_again(store, indexing, clocks, outcome):
    """However its attempt ends: by a crash, by a worker that stops, in silence."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    store.cancel(job.id)
    if outcome is None:
        clocks.monotonic += 30
        store.expire()
    else:
        store.finish(job.id, 1, outcome)
    ended = store.get(job.id)
    assert (ended.state, ended.is_cancelling) == ("cancelled", False)
    assert ended.problem


def test_a_job_that_was_done_before_it_heard_of_its_cancellation_is_done(store, indexing):
    """What was made is there, and the job says so."""
    job, _ = submit(store, indexing("one"))
    store.claim("index", "w")
    store.cancel(job.id)
    assert store.finish(job.id, 1, Outcome("succeeded", {"timeline": "one"})).state == "succeeded"
