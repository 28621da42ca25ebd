"""Clocks that jump: no job is lost or done twice, and nothing that is in use is pruned."""

import os
import time

import pytest
from shell import exposure

from exposure.api.requests import INDEX_EXAMPLE, IndexRequest
from service.jobs.leases import LEASE_SECONDS
from service.jobs.outcome import Outcome
from service.jobs.store import JobStore


class Clock:
    """A clock that tests set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("jump", [-(10**9), -3600.0, 3600.0, 10**9])
def test_a_wall_clock_that_jumps_changes_no_job(kept, jump):
    """A running job keeps its worker, heartbeats and outcome however the clock jumps; only silence takes it away."""
    wall, monotonic = Clock(1_700_000_000.0), Clock(50.0)
    with JobStore(kept.jobs, wall=wall, monotonic=monotonic) as store:
        first = store.claim("index", "w")
        second = store.claim("index", "w")
        wall.now += jump
        assert store.expire() == ()
        assert store.claim("index", "other") is None
        monotonic.now += LEASE_SECONDS * 0.9
        assert not store.heartbeat(first.job.id, first.attempt, None).is_cancelled
        assert store.finish(first.job.id, first.attempt, Outcome("succeeded", {"timeline": "t"})).state == "succeeded"
        monotonic.now += LEASE_SECONDS * 0.2
        assert [job.id for job in store.expire()] == [second.job.id]
        assert store.get(second.job.id).state == "queued"
    with JobStore(kept.jobs, wall=Clock(0.0), monotonic=Clock(0.0)) as store:
        assert store.get(first.job.id).state == "succeeded"
        assert store.claim("index", "w").attempt == 2


def test_jobs_of_a_clock_that_ran_ahead_are_not_old(kept):
    """A job that ended "tomorrow" is kept when the clock is right again."""
    with JobStore(kept.jobs, wall=Clock(time.time() + 86_400)) as store:
        request = IndexRequest.model_validate({**INDEX_EXAMPLE, "timeline": "ahead"})
        ended = store.cancel(store.submit("index", request, "tests", None, 10)[0].id)
    assert exposure("prune", "--data", kept.path, "--older-than", 0.5).status == 0
    with JobStore(kept.jobs) as store:
        assert store.get(ended.id).state == "cancelled"


def test_a_clock_that_jumps_takes_nothing_from_a_running_writer(kept):
    """A half-written file that seems years old stays while its process runs, and one from the future stays too."""
    folder = kept.timelines / "tiny" / "segments"
    ours, future = folder / f".a.json.{os.getpid()}-ab.partial", folder / ".b.json.999999999-ab.partial"
    for path, moment in ((ours, 0), (future, time.time() + 10**6)):
        path.write_text("half")
        os.utime(path, (moment, moment))
    assert exposure("prune", "--data", kept.path).status == 0
    assert exposure("doctor", kept.path).status == 0
    assert (ours.exists(), future.exists()) == (True, True)
