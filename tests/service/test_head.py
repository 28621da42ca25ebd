"""HEAD answers wherever GET does, with the same headers and nothing else."""

import asyncio
import itertools
import re

import pytest

from service.answers.streaming import PART_BYTES, PartsResponse
from service.gates.head_answers import answer_headers

QUESTIONS = {
    "/v1/timelines/{timeline}/first-seen": "?phrase=cats%20sleep",
    "/v1/timelines/{timeline}/history": "?phrase=cats%20sleep",
    "/v1/timelines/{timeline}/exposures": "?phrase=cats%20sleep",
    "/v1/timelines/{timeline}/contexts": "?phrase=cats%20sleep",
    "/v1/evaluations/{evaluation}/items": "?step=500",
    "/v1/jobs/{job}/events": "?wait=false",
}
PAGES = ["/docs", "/openapi.json", "/static/reference.css", "/problems/not-found", "/problems/none", "/nothing"]


@pytest.fixture
def addresses(client, named, working):
    """One address for each route that answers GET, of things that there are."""
    names = {"timeline": "tiny", "evaluation": "small", "run": "tiny", "step": "1", "job": working["$RUNNING_JOB"]}

    def filled(template):
        ids = {"id": named["$PHRASE_SET" if "phrase-sets" in template else "$PAIR_SET"]}
        return re.sub(r"\{(\w+)\}", lambda found: {**names, **ids}[found[1]], template) + QUESTIONS.get(template, "")

    return [filled(template) for template, methods in client.document["paths"].items() if "get" in methods] + PAGES


def shown(response):
    """Headers, but for what differs between any two answers."""
    return {name: value for name, value in response.headers.items() if name != "x-request-id"}


def test_head_has_the_status_and_the_headers_of_get_and_no_body(client, addresses):
    """At every route, with the length where GET says it; and 304 where GET would say that."""
    assert len(addresses) > 30
    answered = 0
    for address in addresses:
        get, head = client.get(address), client.head(address)
        assert (head.status_code, head.content) == (get.status_code, b""), address
        if address != "/metrics":  # which counts this very request
            assert shown(head) == shown(get), address
        answered += get.status_code == 200
        if "etag" in get.headers:
            again = client.head(address, headers={"if-none-match": get.headers["etag"]})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", get.headers["etag"])
    assert answered >= len(addresses) - 3


def test_head_of_what_get_does_not_answer_is_refused(client):
    """With the methods that are."""
    for address, allowed in (("/v1/worker/claims", "POST"), ("/v1/timelines/tiny/splits", "POST")):
        head = client.head(address)
        assert (head.status_code, head.content, head.headers["allow"]) == (405, b"", allowed)


def test_head_of_an_event_stream_ends_after_its_headers(client, working):
    """And is no open stream any more."""
    head = client.head(f"/v1/jobs/{working['$RUNNING_JOB']}/events")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert client.service.state.desk.streams == 0


def test_head_is_counted_as_head_of_the_route(client):
    """So that probes are told from questions."""
    client.head("/v1/health")
    assert 'exposure_requests_total{method="HEAD",route="/v1/health",status="200"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_head_of_a_long_answer_makes_no_more_of_it(version):
    """Not even for a client of HTTP/1.0, which is given such an answer whole; and what it was made of is closed."""
    made, closed, sent = [], [], []

    def parts():
        try:
            for number in itertools.count():
                made.append(number)
                yield b"x" * PART_BYTES
        finally:
            closed.append(True)

    async def receive():
        await asyncio.sleep(3600)

    async def send(message):
        sent.append(message)

    async def ask():
        scope = {"type": "http", "method": "HEAD", "http_version": version}
        long = PartsResponse([b"begun"], parts(), {"Content-Type": "text/csv"})
        long._parts.send(None)  # as the renderer has begun it
        await asyncio.wait_for(answer_headers(long, scope, receive, send), 10)

    asyncio.run(ask())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[1]["body"], sent[1]["more_body"]) == (b"", False)
    assert len(made) == 1
    assert closed == [True]


def test_what_fails_before_its_headers_is_a_problem_to_head_too(client, monkeypatch):
    """With the status of the problem, and no body."""
    monkeypatch.setattr(client.service.state.catalog, "entries", lambda: 1 / 0)
    head = client.head("/v1/timelines")
    assert (head.status_code, head.content) == (500, b"")
    assert head.headers["content-type"] == "application/problem+json"
