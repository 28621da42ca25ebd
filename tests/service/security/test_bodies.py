"""Bodies: as large, as many and as slow as the limits say, and no more."""

import asyncio
import json
import time

import pytest

from service.gates.body_gate import LEAST_BYTES, Bodies
from service.settings import Limits, Settings

PATH = "/v1/timelines/tiny/first-seen"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()


def problem_in(answer: bytes) -> tuple[int, dict, bytes]:
    """(status, problem, headers) of an answer that was read from a socket."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body), head.lower()


def test_a_body_that_comes_too_slowly_is_refused(served_with):
    """However steadily its bytes drip, and the service answers others meanwhile."""
    served = served_with(body_seconds=0.5)
    slow = served.connect().say(HEAD, b"Content-Length: 1000\r\n\r\n")
    start = time.perf_counter()
    for _ in range(4):
        slow.say(b" ")
        time.sleep(0.1)
    assert served.status() == 200
    status, problem, head = problem_in(slow.everything())
    assert time.perf_counter() - start < 5
    assert (status, problem["type"]) == (408, "/problems/body-too-slow")
    assert b"connection: close" in head
    assert "4 bytes" in problem["detail"]


def test_all_bodies_together_have_a_limit(served_with):
    """What was promised but did not come does not count; what came does, until it was answered."""
    served = served_with(bodies_bytes=1 << 20, body_seconds=5)
    held = served.connect().say(HEAD, b"Content-Length: 900000\r\n\r\n", b" " * 800_000)
    time.sleep(0.5)
    status, problem, head = problem_in(
        served.connect().say(HEAD, b"Content-Length: 400000\r\n\r\n", b" " * 400_000).everything()
    )
    assert (status, problem["type"]) == (429, "/problems/busy")
    assert b"retry-after: 1" in head
    assert b"connection: close" in head
    held.socket.close()
    time.sleep(0.3)
    body = b'{"phrases": ["cats sleep"]}' + b" " * 800_000
    answer = served.connect().say(HEAD, f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode(), body)
    assert answer.everything().startswith(b"HTTP/1.1 200")


def test_a_client_that_goes_away_leaves_nothing_behind(served_with):
    """Its room is free again, and nothing is logged as a defect."""
    served = served_with()
    for _ in range(5):
        served.connect().say(HEAD, b"Content-Length: 1000\r\n\r\n", b"{").socket.close()
    time.sleep(0.3)
    text = served.app.state.metrics.text().decode()
    assert "exposure_open_bodies 0.0" in text
    assert "exposure_open_body_bytes 0.0" in text
    assert f'route="{PATH.replace("tiny", "{timeline}")}",status="499"}} 5.0' in text


def test_a_route_that_needs_no_large_body_takes_none(client_of, data):
    """Only questions with many phrases, and what is uploaded, may be large."""
    client = client_of(Settings(data, limits=Limits(small_body_bytes=100, body_bytes=1000)))
    json_ = {"content-type": "application/json"}
    for path in ("/v1/timelines", "/v1/index-jobs", "/v1/worker/claims", "/v1/nothing"):
        assert client.post(path, content=b" " * 101, headers=json_).status_code in (403, 413)
        assert client.post(path, content=b" " * 100, headers=json_).status_code not in (413,)
    assert client.post(PATH, content=b" " * 1000, headers=json_).status_code != 413
    assert client.post(PATH, content=b" " * 1001, headers=json_).status_code == 413


def test_a_body_to_a_route_that_takes_none_is_measured_too(client_of, data):
    """GET with a body is no way around."""
    client = client_of(Settings(data, limits=Limits(small_body_bytes=100)))
    assert client.request("GET", "/v1/health", content=b" " * 101).status_code == 413
    assert client.request("GET", "/v1/health", content=b" " * 100).status_code == 200


def test_room_is_counted_from_the_first_byte_and_given_back():
    """Also where it runs out in the middle, whatever the order."""
    bodies = Bodies(10 * LEAST_BYTES)
    with bodies.room() as first:
        assert (bodies.count, bodies.bytes) == (1, LEAST_BYTES)
        first.grow(10)
        assert bodies.bytes == LEAST_BYTES
        first.grow(9 * LEAST_BYTES)
        with bodies.room() as second:
            assert bodies.bytes == 10 * LEAST_BYTES
            with pytest.raises(Exception, match="Too many bytes"):
                second.grow(LEAST_BYTES + 1)
        assert (bodies.count, bodies.bytes) == (1, 9 * LEAST_BYTES)
        with bodies.room(), pytest.raises(Exception, match="Too many bytes"), bodies.room():
            pass
    assert (bodies.count, bodies.bytes) == (0, 0)


def test_a_body_in_tiny_pieces_takes_no_more_than_its_size(data):
    """Each piece would cost a hundred bytes if it were kept by itself."""
    import tracemalloc

    from service.gates.body_gate import BodyGate
    from service.gates.exchange import Exchange

    size = 300_000
    seen = {}

    async def receive():
        seen["sent"] = seen.get("sent", 0) + 1
        return {"type": "http.request", "body": b"x", "more_body": seen["sent"] < size}

    async def app(scope, receive, send):
        seen["memory"] = tracemalloc.get_traced_memory()[1]
        seen["body"] = await receive()

    scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")],
             "state": {"exchange": Exchange("x", "POST", None)}}  # fmt: skip
    tracemalloc.start()
    asyncio.run(BodyGate(app, Limits(), Bodies(1 << 30))(scope, receive, None))
    tracemalloc.stop()
    assert seen["body"] == {"type": "http.request", "body": b"x" * size, "more_body": False}
    assert seen["memory"] < 4 * size


def test_who_is_refused_while_sending_reads_why(served_with):
    """A client that sends all of its body before it reads gets the answer, not a broken connection."""
    served = served_with(body_bytes=1 << 20)
    size = 8 << 20
    for header in (f"Content-Length: {size}", "Transfer-Encoding: chunked"):
        piece = b" " * size if "Length" in header else b"%x\r\n" % size + b" " * size + b"\r\n0\r\n\r\n"
        connection = served.connect().say(HEAD, header.encode(), b"\r\n\r\n", piece)
        status, problem, _ = problem_in(connection.everything())
        assert (status, problem["type"]) == (413, "/problems/too-large")
    start = time.perf_counter()
    endless = served.connect().say(HEAD, b"Content-Length: 99999999\r\n\r\n")
    assert problem_in(endless.everything())[0] == 413
    assert time.perf_counter() - start < 10
