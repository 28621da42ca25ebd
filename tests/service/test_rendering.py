"""Which form an Accept header gets, and how long answers are sent."""

import asyncio
import contextlib
import csv
import io
import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.answer_batches import batch_of
from exposure.encoding import ARROW, CSV, JSON, MEDIA, NDJSON, PARQUET
from service.answers.rendering import WHOLE_BYTES, negotiate, render
from service.answers.streaming import PartsResponse
from service.errors import NotAcceptableError


@dataclass(frozen=True, slots=True)
class Thing:
    """One row."""

    text: str
    number: int


def sent(response, http_version="1.1", leaves=False) -> list[dict]:
    """What a server is told to send; `leaves`: the client goes away before the answer begins."""
    messages = []

    async def answer() -> None:
        gone = asyncio.Event()
        if leaves:
            gone.set()

        async def receive():
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message) -> None:
            await asyncio.sleep(0)
            messages.append(message)

        await response({"type": "http", "http_version": http_version}, receive, send)

    asyncio.run(answer())
    return messages


def numbers(content: bytes, media: str) -> list[int]:
    """The numbers in an answer."""
    if media == JSON:
        return [one["number"] for one in json.loads(content)["answers"]]
    if media == CSV:
        return [int(line["number"]) for line in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    if media == NDJSON:
        return [json.loads(line)["number"] for line in content.splitlines()]
    if media == PARQUET:
        return pq.read_table(io.BytesIO(content))["number"].to_pylist()
    with pa.ipc.open_stream(content) as stream:
        return stream.read_all()["number"].to_pylist()


@pytest.mark.parametrize("count", [0, 1, 20_000])
@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("is_table", [False, True])
def test_short_answers_go_at_once_and_long_ones_in_parts(count, media, is_table):
    """With the same rows; short ones say how long they are, long ones are made while they are sent."""
    rows = [Thing(f"{number:_>90}", number) for number in range(count)]
    answers = pa.Table.from_batches([batch_of(Thing, rows)]) if is_table else rows
    response = render(Thing, answers, media, {}, {"X": "y"})
    assert isinstance(response, PartsResponse) == (count > 1)
    assert ("content-length" in response.headers) == (count <= 1)
    assert response.headers["x"] == "y"
    assert response.headers["content-type"] == ("text/csv; charset=utf-8" if media == CSV else media)
    start, *parts = sent(response)
    assert start["status"] == 200
    assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    assert (len(parts) > 2) == (count > 1)
    content = b"".join(part["body"] for part in parts)
    assert count <= 1 or len(content) > WHOLE_BYTES
    assert numbers(content, media) == list(range(count))


def many(count, closed, breaks=False):
    """Batches that say when they were closed."""
    try:
        for number in range(count):
            yield batch_of(Thing, [Thing("x" * 1000, number)] * 1000)
        if breaks:
            raise OSError("the disk is gone")
    finally:
        closed.append(True)


@pytest.mark.parametrize("media", MEDIA)
def test_an_answer_that_breaks_is_never_ended(media):
    """The error goes on to the server, which cuts the connection; the source is closed."""
    closed = []
    with pytest.raises(OSError, match="the disk"):
        sent(render(Thing, many(3, closed, breaks=True), media, {}, {}))
    assert closed


def test_nothing_more_is_made_for_a_client_that_has_gone():
    """The source is closed, though it has a million rows more."""
    closed = []
    source = many(10_000, closed)
    messages = sent(render(Thing, source, NDJSON, {}, {}), leaves=True)
    assert closed
    assert sum(len(one.get("body", b"")) for one in messages) < 20e6
    assert messages[-1].get("more_body", True)


def test_a_client_too_old_to_see_the_end_is_told_the_length():
    """Over HTTP/1.0 the end of the connection is the end of the answer, and nothing would tell it from a break."""
    rows = [Thing("x" * 100, number) for number in range(5_000)]
    start, part = sent(render(Thing, rows, NDJSON, {}, {}), http_version="1.0")
    assert dict(start["headers"])[b"content-length"] == str(len(part["body"])).encode()
    assert numbers(part["body"], NDJSON) == list(range(5_000))


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/vnd.apache.arrow.stream", ARROW),
        ("application/vnd.apache.parquet, application/json;q=0.5", PARQUET),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/x-ndjson;q=0.6", "application/x-ndjson"),
        ("*/*, application/json;q=0.1", "application/x-ndjson"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json;q=0, */*", "application/x-ndjson"),
        ("application/json;q=0.9, text/csv;q=nonsense", "application/json"),
        ("application/json;q=inf, text/csv", "application/json"),
        (",,text/csv,", "text/csv"),
    ],
)
def test_an_accept_header_gets_what_it_likes_best(accept, media):
    """RFC 9110: the most specific range decides, then the quality, then our order."""
    assert negotiate(accept) == media


@pytest.mark.parametrize(
    "accept", ["text/html", "text/csv;q=0", "nonsense", "*/*;q=0", "application/json;q=-1", "text/csv;q=nan"]
)
def test_an_accept_header_that_likes_none_is_refused(accept):
    """Nobody is sent a form that they did not ask for."""
    with pytest.raises(NotAcceptableError):
        negotiate(accept)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_accept_header_is_a_defect(accept):
    """Any bytes are answered in a form that is written, or refused."""
    with contextlib.suppress(NotAcceptableError):
        assert negotiate(accept) in MEDIA
