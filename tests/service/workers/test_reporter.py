"""What a service hears from a reporter when it answers, is away, refuses, or lost the answer on the way."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from child_processes import until

from exposure.api.jobs import Claim, Job, Lease
from exposure.api.lines import Line
from exposure.errors import ExposureError, UsageError
from service.errors import StaleAttemptError
from service.jobs.outcome import Outcome
from service.workers.link import Link, RefusedError, UnreachableError
from service.workers.reporter import Reporter

CLAIM = Claim(Job("j", "index", "running", {}, 0.0, attempt=1), 1, 30.0, 0.1)
DONE = Outcome("succeeded", result={})


class FakeLink:
    """A service that keeps lines as the real one does, and fails as `troubles` say, before or after it has heard."""

    def __init__(self, seed: int = 0, rate: float = 0.0) -> None:
        self.heard: list[Line] = []
        self.outcomes: list[Outcome] = []
        self.beats = 0
        self.is_cancelled = False
        self.refusal: ExposureError | None = None
        self._random = Random(seed)
        self._rate = rate

    def heartbeat(self, job: str, attempt: int) -> Lease:
        del job, attempt
        self.beats += 1
        self._trouble()
        return Lease(self.is_cancelled, 30.0)

    def lines(self, job: str, attempt: int, lines: Sequence[Line], said_before: int) -> None:
        del job, attempt
        self._trouble()
        if any(line.data.get("text") == "malformed" for line in lines):
            raise RefusedError("422", 422)
        self.heard += lines[max(0, len(self.heard) - said_before) :]
        self._trouble()

    def outcome(self, job: str, attempt: int, outcome: Outcome) -> None:
        del job, attempt
        self._trouble()
        self.outcomes.append(outcome)
        self._trouble()

    def _trouble(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        if self._random.random() < self._rate:
            raise UnreachableError("away")


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks and waits that a test has time for."""
    monkeypatch.setattr("service.workers.reporter.TICK_SECONDS", 0.01)
    monkeypatch.setattr("service.workers.reporter.wait_seconds", lambda *_, **__: 0.001)


def reporter_of(link: FakeLink) -> Reporter:
    """A reporter that speaks."""
    reporter = Reporter(link, CLAIM)  # type: ignore[arg-type]
    reporter.start()
    return reporter


def ended(reporter: Reporter) -> None:
    """Wait for its end."""
    reporter.join(30)
    assert not reporter.is_alive()


def note(text: str) -> Line:
    """A line."""
    return Line("note", {"text": text})


@pytest.mark.parametrize("seed", range(8))
def test_lines_arrive_once_and_in_order_whatever_is_lost(seed: int) -> None:
    """Half of all questions fail, some after they were heard: every line once, in order, then the outcome."""
    link = FakeLink(seed, 0.5)
    reporter = reporter_of(link)
    for number in range(500):
        reporter.say(note(str(number)))
    reporter.conclude(DONE)
    ended(reporter)
    assert [line.data["text"] for line in link.heard] == [str(number) for number in range(500)]
    assert link.outcomes
    assert all(one == DONE for one in link.outcomes)


def test_a_malformed_line_is_left_out_alone() -> None:
    """Its neighbours arrive, and the outcome."""
    link = FakeLink()
    reporter = reporter_of(link)
    for text in ("a", "malformed", "b", "c"):
        reporter.say(note(text))
    reporter.conclude(DONE)
    ended(reporter)
    assert [line.data["text"] for line in link.heard] == ["a", "b", "c"]
    assert link.outcomes == [DONE]


def test_of_progress_only_the_newest_is_told() -> None:
    """A thousand of them cost a few questions, and the last one arrives."""
    link = FakeLink()
    reporter = Reporter(link, CLAIM)  # type: ignore[arg-type]
    for number in range(1000):
        reporter.say(Line("progress", {"stage": "s", "done": number, "total": 999, "unit": "B"}))
    reporter.start()
    reporter.conclude(DONE)
    ended(reporter)
    assert [line.data["done"] for line in link.heard] == [999]


def test_it_beats_and_hears_of_a_cancellation() -> None:
    """Heartbeats come by themselves; one answers that the job was cancelled."""
    link = FakeLink()
    reporter = reporter_of(link)
    until(lambda: link.beats >= 3)
    assert not reporter.is_cancelled.is_set()
    link.is_cancelled = True
    until(reporter.is_cancelled.is_set)
    reporter.conclude(DONE)
    ended(reporter)


def test_a_job_that_is_anothers_is_lost_and_not_spoken_of_again() -> None:
    """A stale attempt: nothing more is said, no outcome either."""
    link = FakeLink()
    link.refusal = StaleAttemptError("another has it")
    reporter = reporter_of(link)
    until(reporter.is_lost.is_set)
    reporter.conclude(DONE)
    ended(reporter)
    assert link.outcomes == []


def test_an_outcome_that_is_refused_becomes_one_that_is_not() -> None:
    """A result that the service will not take: the job fails with a sentence, and does not hang."""
    link = FakeLink()
    first = link.outcome

    def refuse_results(job: str, attempt: int, outcome: Outcome) -> None:
        if outcome.state == "succeeded":
            raise RefusedError("413: too large", 413)
        first(job, attempt, outcome)

    link.outcome = refuse_results  # type: ignore[method-assign]
    reporter = reporter_of(link)
    reporter.conclude(DONE)
    ended(reporter)
    assert [one.state for one in link.outcomes] == ["failed"]
    assert "too large" in str(link.outcomes[0].problem)


def test_it_can_be_given_up() -> None:
    """A worker that is to end does not wait for ever for a service that is away."""
    link = FakeLink(0, 1.0)
    reporter = reporter_of(link)
    reporter.conclude(DONE)
    reporter.join(0.2)
    assert reporter.is_alive()
    reporter.give_up()
    ended(reporter)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://", "http://x/v1", "http://x?y=1", "file:///x"])
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    """With how it is written."""
    with pytest.raises(UsageError, match="http://127"):
        Link(url)
