"""Questions that are worked on at once have a limit, and slow readers of answers hold no more than their own."""

import asyncio
import contextlib

from service.gates.exchange import Exchange
from service.gates.question_gate import SLICE_BYTES, QuestionGate, Questions
from service.route_table import Entry
from service.settings import Limits, Settings


def asked(route: Entry | None = None) -> dict:
    """The scope of a request."""
    return {"type": "http", "method": "GET", "state": {"request_id": "x", "exchange": Exchange("x", "GET", route)}}


async def never(_scope, _receive, _send):
    await asyncio.Event().wait()


def test_one_more_than_the_limit_is_told_to_come_back():
    """With Retry-After; when one is over, the next is answered."""

    async def go() -> list[dict]:
        gate = QuestionGate(never, Questions(2))
        said: list[dict] = []

        async def send(message: dict) -> None:
            said.append(message)

        waiting = [asyncio.create_task(gate(asked(), None, send)) for _ in range(2)]
        await asyncio.sleep(0)
        await gate(asked(), None, send)
        waiting[0].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting[0]
        third = asyncio.create_task(gate(asked(), None, send))
        await asyncio.sleep(0)
        assert not third.done()
        for one in (third, waiting[1]):
            one.cancel()
        return said

    said = asyncio.run(go())
    assert [one["type"] for one in said] == ["http.response.start", "http.response.body"]
    assert said[0]["status"] == 429
    assert (b"retry-after", b"1") in said[0]["headers"]


def test_workers_streams_and_the_live_check_are_heard_at_any_time():
    """They are not questions: a lease would be lost behind slow questions."""
    routes = [
        Entry("POST", "/v1/worker/jobs/{job}/heartbeats", frozenset({"worker"})),
        Entry("GET", "/v1/jobs/{job}/events", frozenset({"read"})),
        Entry("GET", "/v1/health", frozenset()),
        Entry("GET", "/metrics", frozenset({"read"})),
    ]
    assert not any(route.is_counted for route in routes)
    assert Entry("GET", "/v1/jobs/{job}", frozenset({"read"})).is_counted

    async def go() -> int:
        seen = []

        async def app(scope, receive, send):
            seen.append(scope)

        for route in routes:
            await QuestionGate(app, Questions(0))(asked(route), None, None)
        return len(seen)

    assert asyncio.run(go()) == len(routes)


def test_a_large_answer_is_handed_on_in_pieces():
    """The same bytes; each piece waits until the one before was taken."""
    body = bytes(range(256)) * (5 * SLICE_BYTES // 256) + b"end"
    pieces: list[bytes] = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": body})

    async def send(message):
        if message["type"] == "http.response.body":
            pieces.append(message["body"])
            ends.append(not message.get("more_body", False))

    ends: list[bool] = []
    asyncio.run(QuestionGate(app, Questions(1))(asked(), None, send))
    assert b"".join(pieces) == body * 2
    assert max(map(len, pieces)) == SLICE_BYTES
    assert ends == [False] * (len(pieces) - 1) + [True]


def test_with_no_room_everything_but_the_exceptions_is_refused(client_of, data):
    """Through the whole service."""
    client = client_of(Settings(data, limits=Limits(questions=0)))
    refused = client.get("/v1/timelines")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["type"] == "/problems/busy"
    assert client.get("/v1/health").status_code == 200
    assert client.get("/metrics").status_code == 200
