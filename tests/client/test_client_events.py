"""Events of jobs: put together from any portions, and taken up again where the stream broke."""

import asyncio
import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Act, Asked, Scripted, answer, drop, problem, stream

from exposure.api.jobs import Job, JobEvent
from exposure.client import (
    AsyncClient,
    Client,
    JobCancelled,
    JobFailed,
    JobTimeout,
    Retries,
    ServiceUnreachable,
    Unauthorised,
    UnexpectedAnswer,
)
from exposure.client.core import Core
from exposure.client.exchanges import Open, Plan, Read, Response
from exposure.client.job_events import JobEvents
from exposure.client.sent_events import EventParser, ServerSentEvent

AskBoth = Callable[..., Any]


def job(state: str = "running", **fields: object) -> dict[str, Any]:
    """A job as JSON."""
    return {"id": "j", "kind": "index", "state": state, "request": {}, "created": 0.0, **fields}


def progress(done: float) -> dict[str, Any]:
    """Progress as JSON."""
    return {"stage": "index", "done": done, "total": 3, "unit": "B"}


TOLD = [
    (1, "state", job("queued")),
    (2, "note", {"text": "zwölf Boxkämpfer – 🥊"}),
    (5, "progress", progress(2)),
    (9, "state", job("succeeded", result={"timeline": "t"})),
]


def wire(told: list[tuple[int, str, dict[str, Any]]]) -> bytes:
    """Events as the service sends them, with a comment between."""
    texts = [f"id: {id}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n" for id, kind, data in told]
    return ": still here\n\n".join(texts).encode()


def follow(cuts: list[int]) -> Callable[[Asked], Act]:
    """A service that breaks off each stream after so many bytes, and begins again after Last-Event-ID."""
    left = iter(cuts)

    def choose(asked: Asked) -> Act:
        last = int(asked.headers.get("last-event-id", 0))
        whole = wire([one for one in TOLD if one[0] > last])
        return stream(whole[: next(left, len(whole))])

    return choose


def test_every_event_comes_once_wherever_the_stream_is_cut(asking: AskBoth, server: Scripted) -> None:
    """Cut within any byte of the stream: the events are those of an uncut stream."""
    expected = [JobEvent(id, "j", kind, data) for id, kind, data in TOLD]  # type: ignore[arg-type]
    for place in range(0, len(wire(TOLD)), 13):
        server.play()
        server.choose = follow([place])
        assert asking(lambda client: client.jobs.events("j")) == expected
        assert len(server.asked) == 2


@given(st.data())
def test_portions_do_not_matter(data: st.DataObject) -> None:
    """Whatever the line ends and wherever the bytes are cut, the parser gives what a plain reading gives."""
    lines = data.draw(
        st.lists(st.sampled_from(["data: ä€🥊", "data:x", "id: 7", "event: e", ": c", "", "", "data", "o: p"]))
    )
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    sent = "".join(line + end for line in [*lines, "data: last", "", ": so that nothing hangs"]).encode()
    places = sorted(data.draw(st.sets(st.integers(0, len(sent)))))
    parser = EventParser()
    portions = [sent[a:b] for a, b in zip([0, *places], [*places, len(sent)], strict=True)]
    assert [event for one in portions for event in parser.feed(one)] == plain_reading([*lines, "data: last", ""])


def plain_reading(lines: list[str]) -> list[ServerSentEvent]:
    """Events by the definition of the format, line by line."""
    events, held, kind, last = [], [], "message", None
    for line in lines:
        if line == "":
            if held:
                events.append(ServerSentEvent(kind, "\n".join(held), last))
            held, kind = [], "message"
        elif line.startswith("data"):
            held.append(line[5:].lstrip(" ") if ":" in line else "")
        elif line == "event: e":
            kind = "e"
        elif line == "id: 7":
            last = "7"
    return events


def test_what_is_not_whole_is_no_event() -> None:
    """An event whose empty line never came is not told; a byte order mark is no text."""
    parser = EventParser()
    assert list(parser.feed(b"\xef\xbb\xbfdata: a\n\ndata: b\n")) == [ServerSentEvent("message", "a", None)]


def test_following_from_an_event_on(asking: AskBoth, server: Scripted) -> None:
    """`after` is what Last-Event-ID sends, so that what came before does not come again."""
    server.choose = follow([])
    assert [one.id for one in asking(lambda client: client.jobs.events("j", after=2))] == [5, 9]


def test_events_that_come_again_are_not_told_again(asking: AskBoth, server: Scripted) -> None:
    """Also where a service repeats what was there."""
    server.play(stream(wire(TOLD[:2])), stream(wire(TOLD)))
    assert [one.id for one in asking(lambda client: client.jobs.events("j"))] == [1, 2, 5, 9]


def test_events_of_a_later_version_are_passed_over(asking: AskBoth, server: Scripted) -> None:
    """A type that this client does not know does not end the stream."""
    server.play(stream(b"id: 1\nevent: novelty\ndata: {}\n\n" + wire(TOLD[1:])))
    assert [one.id for one in asking(lambda client: client.jobs.events("j"))] == [2, 5, 9]


def test_a_damaged_event_is_an_error(asking: AskBoth, server: Scripted) -> None:
    """It is never passed over."""
    server.play(stream(b'id: 1\nevent: note\ndata: {"text"\n\n'))
    with pytest.raises(UnexpectedAnswer, match="An event of job j cannot be read"):
        asking(lambda client: client.jobs.events("j"))


def test_an_ended_job_with_no_more_events(asking: AskBoth, server: Scripted) -> None:
    """204 says that there is nothing more to tell."""
    server.play(answer(b"", 204))
    assert asking(lambda client: client.jobs.events("j", after=9)) == []


def test_a_stream_that_never_comes_back(asking: AskBoth, server: Scripted) -> None:
    """After all attempts it is an error; and one that is refused is one at once."""
    server.play(stream(wire(TOLD[:1])), drop)
    retries = Retries(first_seconds=0.001, most_seconds=0.001, stream_times=3)
    with pytest.raises(ServiceUnreachable):
        asking(lambda client: client.jobs.events("j"), retries=retries)
    assert len(server.asked) == 4
    server.play(problem("unauthorised", 401))
    with pytest.raises(Unauthorised):
        asking(lambda client: client.jobs.events("j"))


def test_a_stream_that_goes_on_may_break_again_and_again(asking: AskBoth, server: Scripted) -> None:
    """Attempts are counted from the last sign of life on, so that jobs of days are followed."""
    server.choose = follow([len(wire([one])) for one in TOLD[:3]])
    retries = Retries(first_seconds=0.001, most_seconds=0.001, stream_times=1)
    assert [one.id for one in asking(lambda client: client.jobs.events("j"), retries=retries)] == [1, 2, 5, 9]
    assert len(server.asked) == 4


def test_no_read_outlasts_the_deadline_by_much() -> None:
    """By a clock of the test's own: the nearer the deadline, the shorter a stream that lives is read at once."""
    now = [0.0]
    core = Core("http://x", clock=lambda: now[0])
    plan = JobEvents(core, "/v1/jobs/j/events", "j", deadline=100.0).next()
    opened: list[float] = []
    with pytest.raises(TimeoutError):
        read_on(plan, now, opened)
    assert opened[0] == 60
    assert opened == sorted(opened, reverse=True)
    assert 100 <= now[0] < 101


def read_on(plan: Plan[JobEvent | None], now: list[float], opened: list[float]) -> None:
    """A service that says every 15 seconds that it is there, or as late as it is read; `opened`: the waits."""
    command = next(plan)
    while True:
        if isinstance(command, Open):
            opened.append(command.request.read_seconds or 0)
            command = plan.send(Response(200, {"content-type": "text/event-stream"}, b""))
        assert isinstance(command, Read)
        now[0] += min(15.0, opened[-1])
        command = plan.send(b": still here\n\n")


def test_an_iteration_can_be_left(server: Scripted) -> None:
    """Leaving the loop closes the stream: the server sees the end of the connection."""
    ended: list[bool] = []

    def act(connection: Any) -> None:
        stream(wire(TOLD[:2]))(connection)
        ended.append(connection.recv(1) == b"")

    server.play(act)
    with Client(server.url) as client:
        events = client.jobs.events("j")
        assert next(events).id == 1
        events.close()  # type: ignore[attr-defined]
        limit = time.monotonic() + 5
        while not ended and time.monotonic() < limit:
            time.sleep(0.01)
    assert ended == [True]


def test_a_cancelled_task_closes_its_stream(server: Scripted) -> None:
    """Whoever no longer awaits a job leaves no connection behind."""
    ended: list[bool] = []

    def act(connection: Any) -> None:
        stream(wire(TOLD[:2]))(connection)
        ended.append(connection.recv(1) == b"")

    async def give_up() -> None:
        async with AsyncClient(server.url) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.jobs.wait("j"), 0.3)
            limit = time.monotonic() + 5
            while not ended and time.monotonic() < limit:
                await asyncio.sleep(0.01)

    server.choose = of_job(job(), act, job())
    asyncio.run(give_up())
    assert ended == [True]


def of_job(before: dict[str, Any], events: Act, after: dict[str, Any]) -> Callable[[Asked], Act]:
    """A service with one job: asked for, it is as `before`, and once its events were asked for, as `after`."""
    seen: list[str] = []

    def choose(asked: Asked) -> Act:
        seen.append(asked.target)
        if asked.target.endswith("/events"):
            return events
        return answer(after if any(one.endswith("/events") for one in seen) else before)

    return choose


def test_waiting_returns_the_job_that_succeeded(asking: AskBoth, server: Scripted) -> None:
    """With its result; a job that had ended before is asked for once."""
    done = job("succeeded", result={"timeline": "t", "generation": "g"})
    server.choose = of_job(job(), stream(wire(TOLD)), done)
    assert asking(lambda client: client.jobs.wait("j")).result == {"timeline": "t", "generation": "g"}
    server.play(answer(done))
    assert asking(lambda client: client.jobs.wait(Job(**done))).state == "succeeded"
    assert len(server.asked) == 1


@pytest.mark.parametrize(("state", "error"), [("failed", JobFailed), ("cancelled", JobCancelled)])
def test_waiting_for_what_fails_raises_its_sentence(
    asking: AskBoth, server: Scripted, state: str, error: type[JobFailed]
) -> None:
    """The service's sentence is the message, and the job is at hand."""
    ended = job(state, problem="Shard 3 is damaged. Fetch it again.")
    server.choose = of_job(job(), stream(wire([(1, "state", ended)])), ended)
    with pytest.raises(error, match=rf"Job j {state}: Shard 3 is damaged\. Fetch it again\.") as caught:
        asking(lambda client: client.jobs.wait("j"))
    assert caught.value.job.problem == "Shard 3 is damaged. Fetch it again."


def test_waiting_ends_in_time_though_the_stream_lives(asking: AskBoth, server: Scripted) -> None:
    """Comments that keep the stream alive do not keep the caller beyond the time that was given."""

    def act(connection: Any) -> None:
        stream(wire(TOLD[:1]))(connection)
        while True:
            time.sleep(0.3)
            connection.sendall(b": still here\n\n")

    server.choose = of_job(job(), act, job())
    start = time.monotonic()
    with pytest.raises(JobTimeout, match=r"had not ended after 1 seconds\. It goes on"):
        asking(lambda client: client.jobs.wait("j", timeout=1))
    assert 1 <= time.monotonic() - start < 3


def test_waiting_ends_in_time_though_nothing_is_said(asking: AskBoth, server: Scripted) -> None:
    """Nor does a stream that falls silent, or a service that is away."""
    server.choose = of_job(job(), lambda connection: stream(wire(TOLD[:1]))(connection) or time.sleep(5), job())  # type: ignore[func-returns-value]
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        asking(lambda client: client.jobs.wait("j", timeout=0.5))
    assert 0.5 <= time.monotonic() - start < 3


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("file", "wanted", "is_shown"), [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)]
)
def test_a_bar_is_shown_on_a_terminal_only(
    asking: AskBoth, server: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    file: type[io.StringIO], wanted: bool, is_shown: bool,
) -> None:  # fmt: skip
    """On standard error, and only where that is a terminal and it is wanted; standard output stays clean."""
    server.choose = of_job(job(), stream(wire(TOLD)), job("succeeded"))
    monkeypatch.setattr(sys, "stderr", file())
    asking(lambda client: client.jobs.wait("j", progress=wanted))
    assert ("index" in sys.stderr.getvalue()) is is_shown  # type: ignore[attr-defined]
    assert capsys.readouterr().out == ""
