"""Connections: those that are slow, too many, or no HTTP at all, harm nobody else."""

import json
import time

HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n"


def is_problem(answer: bytes, status: int, slug: str) -> dict:
    """Assert that what came from a socket is that problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert (problem["type"], problem["status"]) == (f"/problems/{slug}", status)
    assert f"X-Request-ID: {problem['request_id']}".lower().encode() in head.lower()
    return problem


RUBBISH = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n",
    b"GET / SPDY/1\r\n\r\n",
    b"GET /\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
)


def test_what_is_no_http_is_answered_with_a_problem_and_closed(served_with):
    """And the service goes on."""
    served = served_with(header_seconds=0.5)
    for rubbish in RUBBISH:
        answer = served.connect().say(rubbish).everything()
        if rubbish.strip():  # to what is only white space so far there is no answer
            is_problem(answer, 400, "bad-request")
        assert served.status() == 200, rubbish


def test_headers_that_are_too_large_are_refused(served_with):
    """Whether they come whole, or in parts of which no end is to be seen."""
    served = served_with()
    for headers in (b"X: " + b"a" * 40_000 + b"\r\n", b"X-Many: 1\r\n" * 3_000, b"Cookie: a=b\r\n" * 3_000):
        refuses_headers(served, headers)


def refuses_headers(served, headers):
    whole = served.connect().say(HEALTH, b"Connection: close\r\n", headers, b"\r\n").everything()
    is_problem(whole, 431, "headers-too-large")
    parts = served.connect().say(HEALTH)
    for start in range(0, len(headers), 7_000):
        parts.say(headers[start : start + 7_000])
        time.sleep(0.05)
    is_problem(parts.everything(), 431, "headers-too-large")
    assert served.status() == 200


def test_an_address_that_is_too_long_is_refused(served_with):
    """Also where it comes at once, and where it does not end."""
    served = served_with(header_bytes=4_096)
    is_problem(served.connect().say(b"GET /", b"a" * 5_000).everything(), 431, "headers-too-large")
    answer = served.connect().say(b"GET /v1/health?x=", b"a" * 5_000, b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    is_problem(answer.everything(), 431, "headers-too-large")


def test_rubbish_after_a_good_request_ends_the_connection_alone(served_with):
    """Behind an answer, and in the middle of a body."""
    served = served_with()
    answered = served.connect().say(HEALTH, b"\r\n", b"\x00rubbish\r\n\r\n").everything()
    assert answered.startswith(b"HTTP/1.1 200")
    body = served.connect().say(
        b"POST /v1/timelines/tiny/first-seen HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"zz\r\nrubbish\r\n",
    )
    is_problem(body.everything(), 400, "bad-request")
    assert served.status() == 200


def test_a_request_whose_headers_do_not_come_is_closed(served_with):
    """Nothing, one byte, or a byte now and then: the time is the same, and the next request's too."""
    served = served_with(header_seconds=0.4, idle_seconds=60)
    silent, started, dripping = served.connect(), served.connect().say(b"G"), served.connect()
    begin = time.perf_counter()
    for _ in range(3):
        dripping.say(b"X")
        time.sleep(0.1)
    for one in (silent, started, dripping):
        assert one.everything() == b""
    assert time.perf_counter() - begin < 3
    second = served.connect().say(HEALTH, b"\r\n")
    time.sleep(0.2)
    begin = time.perf_counter()
    second.say(b"GET /v1/hea")
    assert second.everything().count(b"HTTP/1.1") == 1
    assert time.perf_counter() - begin < 3


def test_an_idle_connection_is_kept_and_a_slow_answer_is_not_cut(served_with):
    """Only what is asked must come quickly; between two requests there is more time."""
    served = served_with(header_seconds=0.2, idle_seconds=30)
    connection = served.connect()
    for _ in range(2):
        assert connection.say(HEALTH, b"\r\n").one_answer().startswith(b"HTTP/1.1 200")
        time.sleep(0.5)


def test_a_connection_that_asks_nothing_more_is_closed(served_with):
    """After its time."""
    served = served_with(idle_seconds=1)
    begin = time.perf_counter()
    assert served.connect().say(HEALTH, b"\r\n").everything().count(b"HTTP/1.1 200") == 1
    assert 0.5 < time.perf_counter() - begin < 5


def test_one_connection_too_many_is_told_so(served_with):
    """And when others are gone, answered."""
    served = served_with(connections=3)
    held = [served.connect().say(HEALTH, b"\r\n") for _ in range(3)]
    for one in held:
        assert one.one_answer().startswith(b"HTTP/1.1 200")
    refused = served.connect().everything()
    is_problem(refused, 503, "crowded")
    assert b"Retry-After: 1" in refused
    for one in held:
        one.socket.close()
    time.sleep(0.2)
    assert served.status() == 200


def test_a_reader_who_takes_nothing_is_cut_off_and_a_slow_one_is_not(served_with):
    """Of a large answer: whoever takes a little now and then gets all of it."""
    served = served_with(unread_seconds=0.5)
    phrases = json.dumps({"phrases": [f"phrase {number}" for number in range(60_000)]}).encode()
    question = (
        b"POST /v1/timelines/tiny/first-seen HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + f"Connection: close\r\nContent-Length: {len(phrases)}\r\n\r\n".encode()
        + phrases
    )
    idle, slow = served.connect().say(question), served.connect().say(question)
    taken = 0
    for _ in range(15):
        taken += len(slow.socket.recv(1 << 19))
        time.sleep(0.1)
    rest = slow.everything()
    assert b"]}" in rest[-20:]
    assert taken + len(rest) > 60_000 * 200
    assert b"]}" not in idle.everything()[-20:]
    deadline = time.monotonic() + 5
    while "exposure_questions 0.0" not in served.app.state.metrics.text().decode():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_head_leaves_a_connection_fit_for_the_next_question(served_with):
    """Headers of known length, of a stream, and of a refusal, one after another; then an answer with its body."""
    connection = served_with().connect()
    asked = (b"HEAD /v1/health", b"HEAD /v1/timelines/tiny/first-seen?phrase=cats", b"HEAD /v1/worker/claims")
    for line in asked:
        connection.say(line, b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    connection.say(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    *heads, body = connection.everything().split(b"\r\n\r\n")
    assert [head.split()[1] for head in heads] == [b"200", b"200", b"405", b"200"]
    assert f"content-length: {len(body)}".encode() in heads[0].lower()
    assert json.loads(body)["status"] == "live"
