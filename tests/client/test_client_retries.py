"""What is sent again, when, and when no more."""

import email.utils
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Act, Scripted, answer, cut, drop, problem, reset

from exposure.client import (
    Busy,
    Client,
    NotFound,
    Retries,
    ServiceUnreachable,
    TooSlow,
    UnexpectedAnswer,
)
from exposure.client.exchanges import Broken, Exchange, Request, Response, Wait
from exposure.client.retries import answered, retry_after

LIVE = {"status": "live", "version": "1"}
AskBoth = Callable[..., Any]


@pytest.mark.parametrize("failure", [drop, reset, cut(5, LIVE), problem("busy", 429), problem("no-storage", 503)])
def test_failures_that_pass_go_unnoticed(asking: AskBoth, server: Scripted, failure: Act) -> None:
    """A connection that ends before, within or by force, 429 and 503 are asked again, and answered."""
    server.play(failure, failure, answer(LIVE))
    assert asking(lambda client: client.health()).status == "live"
    assert len(server.asked) == 3


def test_a_service_that_never_answers_whole_is_unreachable(asking: AskBoth, server: Scripted) -> None:
    """After the last attempt the error says what broke, where, and what to check."""
    server.play(cut(5, LIVE))
    with pytest.raises(
        ServiceUnreachable, match=rf"No whole answer from {server.url}, asked 5 times: .*exposure serve"
    ):
        asking(lambda client: client.health())
    assert len(server.asked) == 5


def test_no_service_is_a_sentence(asking: AskBoth) -> None:
    """Where nothing listens the error is a sentence, not a traceback of the library's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asking.url = f"http://127.0.0.1:{listening.getsockname()[1]}"  # type: ignore[attr-defined]
    with pytest.raises(ServiceUnreachable, match="Check that the service runs"):
        asking(lambda client: client.health())


def test_a_silent_service_is_given_up(asking: AskBoth, server: Scripted) -> None:
    """A service that takes the request and says nothing is unreachable after the time-out."""
    server.play(lambda _: time.sleep(1))
    with pytest.raises(ServiceUnreachable, match="silent for too long"):
        asking(lambda client: client.health(), timeout=0.1, retries=Retries(times=1, first_seconds=0.001))
    assert len(server.asked) == 2


def test_retry_after_is_kept_to(asking: AskBoth, server: Scripted) -> None:
    """The next attempt comes no sooner than the service asked, though the client's own pauses are shorter."""
    server.play(problem("busy", 429, Retry_After="1"), answer(LIVE))
    start = time.monotonic()
    asking(lambda client: client.health())
    assert time.monotonic() - start >= 1


def test_a_long_retry_after_is_not_waited_for(asking: AskBoth, server: Scripted) -> None:
    """Who is to come back in an hour is told so, with the time."""
    server.play(problem("busy", 429, Retry_After="3600"))
    with pytest.raises(Busy) as caught:
        asking(lambda client: client.health())
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1


def test_a_question_that_was_too_slow_is_not_asked_again(asking: AskBoth, server: Scripted) -> None:
    """It would take as long again, whatever the service says of later."""
    server.play(problem("too-slow", 503, Retry_After="1"))
    with pytest.raises(TooSlow):
        asking(lambda client: client.timelines.first_seen("tiny", ["a"]))
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500, 502])
def test_refusals_are_not_asked_again(asking: AskBoth, server: Scripted, status: int) -> None:
    """What would be refused again is asked once."""
    server.play(problem("x", status))
    with pytest.raises(Exception, match=r"A sentence\."):
        asking(lambda client: client.health())
    assert len(server.asked) == 1


def test_a_removal_whose_answer_was_lost_has_removed(asking: AskBoth, server: Scripted) -> None:
    """The second DELETE finds nothing there, because the first one was done: that is no failure."""
    server.play(drop, problem("not-found", 404))
    assert asking(lambda client: client.timelines.remove("tiny")) is None
    assert [one.method for one in server.asked] == ["DELETE", "DELETE"]


def test_removing_what_is_not_there_is_a_failure(asking: AskBoth, server: Scripted) -> None:
    """Where no answer was lost, 404 means what it says; also after a pause that the service asked for."""
    server.play(problem("busy", 429), problem("not-found", 404))
    with pytest.raises(NotFound):
        asking(lambda client: client.timelines.remove("tiny"))


def test_cancelling_a_job_is_no_removal(asking: AskBoth, server: Scripted) -> None:
    """A job that is not there was never there, also where an answer was lost."""
    server.play(drop, problem("not-found", 404))
    with pytest.raises(NotFound):
        asking(lambda client: client.jobs.cancel("j"))


def test_a_submission_is_one_job_however_often_it_is_sent(asking: AskBoth, server: Scripted) -> None:
    """All attempts carry the same Idempotency-Key, and the next submission another one."""
    job = {"id": "j", "kind": "index", "state": "queued", "request": {}, "created": 0.0}

    def submit(client: Any) -> Any:
        return client.jobs.index(run="tiny", timeline="t", phrase_sets=["0" * 40])

    server.play(drop, problem("busy", 429), answer(job, 202))
    assert asking(submit).id == "j"
    first = {one.headers["idempotency-key"] for one in server.asked}
    server.play(answer(job, 202))
    asking(submit)
    assert len(first) == 1
    assert first != {server.asked[0].headers["idempotency-key"]}
    assert server.asked[0].json == {"run": "tiny", "timeline": "t", "phrase_sets": ["0" * 40]}


def test_redirects_are_not_followed(asking: AskBoth, server: Scripted) -> None:
    """The key would go along to wherever somebody points."""
    server.play(answer(LIVE, 307, Location="http://127.0.0.1:1/v1/health"))
    with pytest.raises(UnexpectedAnswer, match="Redirects are not followed"):
        asking(lambda client: client.health())


def test_retries_can_be_refused(server: Scripted) -> None:
    """With `times` 0 everything is asked once."""
    server.play(drop)
    with Client(server.url, retries=Retries(times=0)) as client, pytest.raises(ServiceUnreachable):
        client.health()
    assert len(server.asked) == 1


def test_what_is_not_repeatable_is_sent_once() -> None:
    """A request that would do more the second time is never sent a second time."""
    plan = answered(Request("POST", "/v1/x", is_repeatable=False), Retries(), "http://x")
    assert isinstance(next(plan), Exchange)
    with pytest.raises(ServiceUnreachable):
        plan.send(Broken("gone"))


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 60))
def test_pauses_double_to_a_bound_and_never_undercut_the_service(
    attempt: int, chance: float, asked: float | None
) -> None:
    """Own pauses lie between nothing and min(first · 2ⁿ, most); those that were asked for are kept, and spread."""
    retries = Retries(first_seconds=0.5, most_seconds=8, random=lambda: chance)
    pause = retries.pause(attempt, asked)
    if asked is None:
        assert 0 <= pause <= min(0.5 * 2**attempt, 8)
    else:
        assert asked <= pause <= asked + 0.5


@given(st.lists(st.sampled_from(["broken", "busy"]), max_size=8), st.integers(0, 6))
def test_the_number_of_attempts_is_bounded(failures: list[str], times: int) -> None:
    """Whatever fails in whatever order, there are at most 1 + times attempts, with a pause between any two."""
    busy = Response(429, {"content-type": "application/problem+json"}, b"{}")
    plan = answered(Request("GET", "/"), Retries(times=times), "http://x")
    replies = [Broken("gone") if one == "broken" else busy for one in failures]
    commands: list[Any] = [next(plan)]
    for reply in [*replies, *[busy] * 10]:
        try:
            commands.append(plan.send(None if isinstance(commands[-1], Wait) else reply))
            if isinstance(commands[-1], Wait):
                commands.append(plan.send(None))
        except (ServiceUnreachable, UnexpectedAnswer):
            break
    assert sum(isinstance(one, Exchange) for one in commands) == times + 1
    assert sum(isinstance(one, Wait) for one in commands) == times


def test_retry_after_is_read_in_both_forms() -> None:
    """Seconds, and a date; what is neither is none."""
    soon = email.utils.formatdate(time.time() + 10, usegmt=True)
    assert retry_after({"retry-after": "7"}) == 7
    assert 8 <= (retry_after({"retry-after": soon}) or 0) <= 10
    assert retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0
    assert [retry_after({"retry-after": text}) for text in ("", "soon", "-1", "²")] == [None] * 4
    assert retry_after({}) is None
