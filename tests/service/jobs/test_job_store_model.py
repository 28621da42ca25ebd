"""The job store against a plain model of it: dictionaries and lists, no database, any order of events."""

import math
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line
from exposure.api.names import RootedPath
from exposure.api.requests import EvaluationRequest, IndexRequest
from service.errors import BusyError, KeyReuseError, NotFoundError, StaleAttemptError
from service.jobs.filters import JobFilter
from service.jobs.outcome import Outcome
from service.jobs.store import JobStore

LIMIT = 5
A, B, C = ("a" * 40, "b" * 40, "c" * 40)
CHECKPOINTS = RootedPath(root="models", path="run")


def index(timeline, *sets):
    return IndexRequest(run="r", timeline=timeline, phrase_sets=list(sets))


def evaluation(name, seed):
    return EvaluationRequest(name=name, checkpoints=CHECKPOINTS, pair_set=A, seed=seed)


# (request, what makes two of them the same, what no two running jobs may share)
REQUESTS = [
    (index("one", A), "one-a", "t:one"),
    (index("one", A, A), "one-a", "t:one"),
    (index("one", A, B), "one-ab", "t:one"),
    (index("one", B, A), "one-ab", "t:one"),
    (index("two", A), "two-a", "t:two"),
    (evaluation("one", 0), "e-one-0", "e:one"),
    (evaluation("one", 1), "e-one-1", "e:one"),
    (evaluation("two", 0), "e-two-0", "e:two"),
]
OUTCOMES = [
    Outcome("succeeded", {"made": 1}),
    Outcome("succeeded", {"made": 2}),
    Outcome("failed", problem="No such shard."),
    Outcome("failed", problem="It crashed.", is_retryable=True),
    Outcome("cancelled", problem="It was asked to end."),
    Outcome("cancelled", problem="The worker stops.", is_retryable=True),
]


@dataclass
class ModelJob:
    id: str
    number: int
    kind: str
    same: str
    claims: str
    state: str = "queued"
    attempt: int = 0
    broken: int = 0
    embedded: bool = False
    unheard: bool = False
    interrupted: int = 0
    cancelling: bool = False
    finished: float | None = None
    lease: float = math.inf
    said: int = 0
    progress: JobProgress | None = None
    result: dict | None = None
    last_outcome: tuple | None = None
    events: list = field(default_factory=list)

    @property
    def is_active(self):
        return self.state in ("queued", "running")

    def tell(self):
        self.events.append(("state", self.state, self.attempt, self.cancelling))

    def end(self, state, now, result=None):
        self.state, self.finished, self.cancelling, self.result = state, now, False, result
        self.tell()

    def break_off(self, now):
        if self.cancelling:
            return self.end("cancelled", now)
        self.broken += 1
        if self.broken == 3:
            return self.end("failed", now)
        self.state = "queued"
        return self.tell()

    def interrupt(self, now):
        """Ended with the service: ten times that is no fault of the job."""
        if self.cancelling or self.interrupted == 10:
            return self.break_off(now)
        self.interrupted += 1
        self.state = "queued"
        return self.tell()

    def lapse(self, now):
        return self.interrupt(now) if self.unheard else self.break_off(now)


class StoreAndModel(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.wall, self.mono = 1_000_000_000.0, 50.0
        self.jobs: list[ModelJob] = []
        self.keys: dict[tuple[str, str], tuple[str, ModelJob]] = {}
        self.submitted = 0
        self.store = self.opened()

    def opened(self):
        return JobStore(self.folder / "jobs.sqlite", wall=lambda: self.wall, monotonic=lambda: self.mono)

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    def fresh(self, job):
        """Every heartbeat of a live attempt gives a whole lease."""
        job.lease, job.unheard = self.mono + 30, False

    @rule(which=st.sampled_from(REQUESTS), owner=st.sampled_from("xy"), key=st.sampled_from([None, None, "k", "l"]))
    def submit(self, which, owner, key):
        request, same, claims = which
        kind = "index" if isinstance(request, IndexRequest) else "evaluate"

        def ask():
            return self.store.submit(kind, request, owner, key, LIMIT)

        if key is not None and (owner, key) in self.keys:
            known, job = self.keys[owner, key]
            if known != same:
                with pytest.raises(KeyReuseError):
                    ask()
                return
            found, is_new = ask()
            assert (found.id, is_new) == (job.id, False)
            return
        equal = [one for one in self.jobs if one.is_active and one.same == same and not one.cancelling]
        if not equal and sum(one.is_active for one in self.jobs) >= LIMIT:
            with pytest.raises(BusyError):
                ask()
            return
        found, is_new = ask()
        assert is_new == (not equal)
        if equal:
            (job,) = equal
            assert found.id == job.id
        else:
            self.submitted += 1
            job = ModelJob(found.id, self.submitted, kind, same, claims)
            assert found.created == self.wall
            job.tell()
            self.jobs.append(job)
        if key is not None:
            self.keys[owner, key] = (same, job)

    @rule(kind=st.sampled_from(["index", "evaluate"]), embedded=st.booleans())
    def claim(self, kind, embedded):
        taken = {one.claims for one in self.jobs if one.state == "running"}
        free = [one for one in self.jobs if one.state == "queued" and one.kind == kind and one.claims not in taken]
        claim = self.store.claim(kind, "w", embedded)
        if not free:
            assert claim is None
            return
        job = min(free, key=lambda one: one.number)
        job.state, job.attempt, job.said, job.progress = "running", job.attempt + 1, 0, None
        job.embedded = embedded
        self.fresh(job)
        job.tell()
        assert claim is not None
        assert (claim.job.id, claim.attempt, claim.job.worker) == (job.id, job.attempt, "w")
        assert claim.job.problem is None

    def held(self, pick, back):
        """A job and an attempt of it, the present one or `back` ones before; and whether it holds the job."""
        job = self.jobs[pick % len(self.jobs)]
        attempt = job.attempt - back
        return job, attempt, job.state == "running" and back == 0

    @precondition(lambda self: self.jobs)
    @rule(pick=st.integers(0, 50), back=st.sampled_from([0, 0, 0, 1]), done=st.sampled_from([None, 1.0, 2.0]))
    def heartbeat(self, pick, back, done):
        job, attempt, is_held = self.held(pick, back)
        progress = None if done is None else JobProgress("scan", done, 9.0, "B")
        if not is_held:
            with pytest.raises(StaleAttemptError):
                self.store.heartbeat(job.id, attempt, progress)
            return
        lease = self.store.heartbeat(job.id, attempt, progress)
        assert lease.is_cancelled == job.cancelling
        self.fresh(job)
        if progress is not None and progress != job.progress:
            self.set_progress(job, progress)

    def set_progress(self, job, progress):
        job.progress = progress
        job.events = [one for one in job.events if one[0] != "progress"] + [("progress", progress)]

    @precondition(lambda self: self.jobs)
    @rule(
        pick=st.integers(0, 50),
        back=st.sampled_from([0, 0, 0, 1]),
        texts=st.lists(st.sampled_from(["a", "b\nc", "\ud800é"]), max_size=3),
        repeat=st.sampled_from([None, 0, 1, 2]),
        done=st.sampled_from([None, 3.0]),
    )
    def add_lines(self, pick, back, texts, repeat, done):
        job, attempt, is_held = self.held(pick, back)
        lines = [Line("note", {"text": text}) for text in texts]
        progress = JobProgress("lines", 3.0, 9.0, "B")
        if done is not None:
            lines.insert(0, Line("progress", asdict(progress)))
        before = None if repeat is None else max(job.said - repeat, 0)
        if not is_held:
            with pytest.raises(StaleAttemptError):
                self.store.add_lines(job.id, attempt, lines, before)
            return
        self.store.add_lines(job.id, attempt, lines, before)
        known = 0 if before is None else job.said - before
        new = lines[known:]
        job.said += len(new)
        for line in new:
            if line.type == "note":
                job.events.append(("note", line.data["text"]))
        if any(line.type == "progress" for line in new):
            self.set_progress(job, progress)

    @precondition(lambda self: self.jobs)
    @rule(pick=st.integers(0, 50), back=st.sampled_from([0, 0, 0, 1]), outcome=st.sampled_from(OUTCOMES))
    def finish(self, pick, back, outcome):
        job, attempt, is_held = self.held(pick, back)
        is_again = job.last_outcome == (attempt, outcome)
        if not is_held and not is_again:
            with pytest.raises(StaleAttemptError):
                self.store.finish(job.id, attempt, outcome)
            return
        answer = self.store.finish(job.id, attempt, outcome)
        if not is_again:
            job.last_outcome = (attempt, outcome)
            if outcome.state == "failed" and outcome.is_retryable:
                job.break_off(self.wall)
            elif outcome.state == "cancelled" and outcome.is_retryable and not job.cancelling:
                job.state = "queued"
                job.tell()
            else:
                job.end(outcome.state, self.wall, outcome.result)
        assert answer == self.store.get(job.id)

    @precondition(lambda self: self.jobs)
    @rule(pick=st.integers(0, 50))
    def cancel(self, pick):
        job = self.jobs[pick % len(self.jobs)]
        if job.state == "queued":
            job.end("cancelled", self.wall)
        elif job.state == "running" and not job.cancelling:
            job.cancelling = True
            job.tell()
        answer = self.store.cancel(job.id)
        assert (answer.state, answer.is_cancelling) == (job.state, job.cancelling)

    @rule(seconds=st.sampled_from([1.0, 10.0, 29.5, 30.0, 31.0]))
    def time_goes_by(self, seconds):
        self.wall += seconds
        self.mono += seconds

    @rule(seconds=st.sampled_from([-1e8, -3600.0, 3600.0, 1e8]))
    def wall_clock_jumps(self, seconds):
        """Nothing but what is shown, and what counts as old, may depend on it."""
        self.wall += seconds

    @rule()
    def expire(self):
        silent = [one for one in self.jobs if one.state == "running" and one.lease <= self.mono]
        for job in silent:
            job.lapse(self.wall)
        assert [one.id for one in self.store.expire()] == [one.id for one in silent]

    @rule(seconds=st.sampled_from([29.5, 30.0]))
    def workers_fall_silent(self, seconds):
        """For just less than a lease, or just as long."""
        self.time_goes_by(seconds)
        self.expire()

    @rule(kind=st.sampled_from(["index", "evaluate"]))
    def every_attempt_crashes(self, kind):
        """So often that the last one is reached."""
        for _ in range(2):
            self.claim(kind, False)
            for place, job in enumerate(self.jobs):
                if job.state == "running":
                    self.finish(place, 0, OUTCOMES[3])

    @rule()
    def restart(self):
        self.store.close()
        self.mono += 1000.0  # and another machine's monotonic clock, for all that is known
        self.store = self.opened()
        for job in self.jobs:
            job.lease, job.unheard = self.mono + (0 if job.embedded else 30), True
        self.expire()  # as the service does before it answers

    @rule(kind=st.sampled_from(["index", "evaluate"]), embedded=st.booleans(), times=st.sampled_from([1, 3, 11]))
    def every_attempt_ends_with_the_service(self, kind, embedded, times):
        """Three times as any job may be tried, and beyond what is no fault of the job."""
        for _ in range(times):
            self.claim(kind, embedded)
            self.restart()
            self.workers_fall_silent(30.0)

    @rule(days=st.sampled_from([0, 1, 1000]))
    def prune(self, days):
        old = [
            one for one in self.jobs if one.finished is not None and not one.is_active
            and one.finished < self.wall - days * 86_400
        ]  # fmt: skip
        assert self.store.prune(days) == len(old)
        self.jobs = [one for one in self.jobs if one not in old]
        self.keys = {key: value for key, value in self.keys.items() if value[1] in self.jobs}
        for job in old:
            with pytest.raises(NotFoundError):
                self.store.get(job.id)

    @rule(
        limit=st.integers(1, 4),
        kind=st.sampled_from([None, "index", "evaluate"]),
        state=st.sampled_from([None, "queued", "failed"]),
    )
    def page_through(self, limit, kind, state):
        expected = [
            one.id for one in reversed(self.jobs)
            if (kind is None or one.kind == kind) and (state is None or one.state == state)
        ]  # fmt: skip
        found, cursor = [], None
        while True:
            page = self.store.list(JobFilter(kind=kind, state=state), cursor, limit)
            assert len(page.jobs) <= limit
            found += [one.id for one in page.jobs]
            cursor = page.next
            if cursor is None:
                break
        assert found == expected

    @invariant()
    def every_job_is_as_the_model_has_it(self):
        if not hasattr(self, "store"):
            return
        shown = {one.id: one for one in self.store.list(JobFilter(), None, 1000).jobs}
        assert set(shown) == {one.id for one in self.jobs}
        for job in self.jobs:
            found = shown[job.id]
            assert (found.state, found.attempt, found.is_cancelling) == (job.state, job.attempt, job.cancelling)
            assert (found.progress, found.result, found.finished) == (job.progress, job.result, job.finished)
            has_no_problem = job.state in ("running", "succeeded") or (job.state == "queued" and job.attempt == 0)
            assert (found.problem is None) == has_no_problem
            assert [self.seen(one) for one in self.store.events_after(job.id, 0, 10_000)] == job.events

    def seen(self, event):
        if event.type == "state":
            return "state", event.data["state"], event.data["attempt"], event.data["is_cancelling"]
        return (event.type, event.data["text"]) if event.type == "note" else (event.type, JobProgress(**event.data))

    @invariant()
    def events_have_rising_ids_and_can_be_read_from_any(self):
        if not hasattr(self, "store"):
            return
        for job in self.jobs[-2:]:
            events = list(self.store.events_after(job.id, 0, 10_000))
            ids = [one.id for one in events]
            assert ids == sorted(set(ids))
            for place, event in enumerate(events):
                assert list(self.store.events_after(job.id, event.id, 10_000)) == events[place + 1 :]


TestStoreAgainstItsModel = StoreAndModel.TestCase
TestStoreAgainstItsModel.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
