"""The log: one line a request, nothing in it that was asked, and what went wrong under the request's id."""

import io
import json
import logging
import re
import sys

import pytest

from service.gates.exchange import Exchange
from service.route_table import Entry
from service.settings import Settings
from service.telemetry.logs import REQUESTS, JsonFormatter, configure, fields_of, request_log

SECRET = "verysecretphrase"


@pytest.fixture
def log(monkeypatch):
    """Configure logging into a buffer, and put everything back afterwards."""
    root, names = logging.getLogger(), ("exposure", "uvicorn")
    before = (root.handlers[:], root.level, [logging.getLogger(name).level for name in names])
    stream = io.StringIO()

    def configured(format_: str) -> io.StringIO:
        configure(format_, stream)
        return stream

    yield configured
    root.handlers[:], root.level = before[0], before[1]
    for name, level in zip(names, before[2], strict=True):
        logging.getLogger(name).setLevel(level)


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def requests(stream: io.StringIO) -> list[dict]:
    return [line for line in lines(stream) if line["logger"] == REQUESTS]


def test_one_line_a_request_with_what_an_operator_needs(guarded, log):
    """Time, level, method, template, status, milliseconds, bytes, request id, and the name of the key."""
    stream = log("json")
    response = guarded.ask("GET", "/v1/timelines/tiny/first-seen", "read", params={"phrase": SECRET},
                           headers={"x-request-id": "mine-1"})  # fmt: skip
    guarded.ask("POST", "/v1/timelines/tiny/first-seen", "read", json={"phrases": [SECRET]})
    guarded.ask("GET", f"/v1/{SECRET}", None)
    first, second, third = requests(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first.pop("ms") > 0
    assert re.fullmatch(r"[0-9a-f]{16}", first.pop("query"))
    assert first == {
        "level": "info",
        "logger": REQUESTS,
        "method": "GET",
        "route": "/v1/timelines/{timeline}/first-seen",
        "status": 200,
        "received_bytes": 0,
        "bytes": len(response.content),
        "request_id": "mine-1",
        "key": "read",
    }
    assert second["received_bytes"] == len(json.dumps({"phrases": [SECRET]}, separators=(",", ":")))
    assert (third["route"], third["status"], "key" in third) == ("(none)", 401, False)


@pytest.mark.parametrize("format_", ["json", "text"])
def test_nothing_that_was_asked_stands_in_the_log(guarded, log, format_):
    """Not in addresses, headers or bodies, good or bad; and no key."""
    stream = log(format_)
    for scope in ("read", "worker", None):
        guarded.ask("GET", "/v1/timelines/tiny/first-seen", scope, params={"phrase": SECRET})
        guarded.ask("GET", "/v1/timelines/tiny/history", scope, params={"phrase": SECRET, "x": SECRET})
        guarded.ask("GET", f"/v1/timelines/{SECRET}/coverage", scope)
        guarded.ask("POST", "/v1/timelines/tiny/first-seen", scope, json={"phrases": [SECRET], SECRET: 1})
        guarded.ask(SECRET.upper(), f"/{SECRET}", scope, headers={"x-request-id": f"{SECRET} {SECRET}"})
    assert stream.getvalue().count("\n") == 15
    assert SECRET not in stream.getvalue().lower()
    assert not [key for key in guarded.keys.values() if key in stream.getvalue()]


def test_phrases_are_written_where_the_operator_wants_them(client_of, data, log):
    """As they came, in one line."""
    client = client_of(Settings(data, logs_phrases=True))
    stream = log("json")
    client.get("/v1/timelines/tiny/first-seen?phrase=cats%20sleep&phrase=x")
    assert requests(stream)[0]["query"] == "phrase=cats%20sleep&phrase=x"


def test_the_same_question_has_the_same_hash_and_another_has_not():
    """So that repetitions can be seen; without a question there is none."""
    one, same, other, none = (Exchange("x", "GET", None, query=query) for query in (b"a=1", b"a=1", b"a=2", b""))
    assert one.query_hash == same.query_hash != other.query_hash
    assert "query" not in fields_of(none, False)


def test_a_job_is_named_where_a_request_is_about_one(client, log):
    """In its address, or where it was just made; so that a job's lines can be found."""
    stream = log("json")

    async def made() -> None:
        from starlette.responses import Response

        return Response(status_code=202, headers={"Location": "/v1/jobs/0a1b"})

    client.service.add_api_route("/v1/make", made, methods=["POST"], include_in_schema=False)
    client.post("/v1/make")
    client.get("/v1/jobs/77-x/nothing")
    client.get("/v1/worker/jobs/77-y/heartbeats")
    assert [line.get("job") for line in requests(stream)] == ["0a1b", "77-x", "77-y"]


def test_a_defect_is_logged_once_with_its_traceback_under_the_request_s_id(client, log):
    """And the request's line says 500, as a warning."""
    stream = log("json")

    async def fail() -> None:
        raise RuntimeError("broken\nin two lines")

    client.service.add_api_route("/v1/fail", fail, include_in_schema=False)
    assert client.get("/v1/fail", headers={"x-request-id": "mine-2"}).status_code == 500
    defect, request = lines(stream)
    assert (defect["request_id"], defect["level"]) == ("mine-2", "error")
    assert "RuntimeError: broken" in defect["traceback"]
    assert (request["status"], request["level"], request["request_id"]) == (500, "warning", "mine-2")


def test_an_answer_that_breaks_off_is_logged_and_the_connection_closed(data, served_with, log):
    """Whoever reads it must not take a part for the whole."""
    from starlette.responses import StreamingResponse

    served = served_with()
    stream = log("json")

    async def halves():
        yield b"half"
        raise RuntimeError("broken")

    async def fail() -> StreamingResponse:
        return StreamingResponse(halves())

    served.app.add_api_route("/v1/fail", fail, include_in_schema=False)
    answer = served.connect().say(b"GET /v1/fail HTTP/1.1\r\nHost: localhost\r\n\r\n").everything()
    assert answer.startswith(b"HTTP/1.1 200")
    assert not answer.endswith(b"0\r\n\r\n")
    assert any("RuntimeError: broken" in line.get("traceback", "") for line in lines(stream))


def test_lines_for_people_have_one_line_a_request(log):
    """Nothing that a client sent can add one."""
    stream = log("text")
    exchange = Exchange("id-1", "GET", Entry("GET", "/v1/x", frozenset()), b"phrase=a%0ab\n", key="me", status=200)
    request_log(shows_queries=True)(exchange)
    assert re.fullmatch(
        r"[\d: ,-]+ INFO GET /v1/x 200 0\.0 ms 0 B request_id=id-1 key=me query=phrase=a%0ab\\n\n", stream.getvalue()
    )


def test_a_line_of_json_is_one_line_whatever_is_in_it():
    """Line ends, other alphabets and what is no JSON come through."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb é %s", (object,), None)
    record.fields = {"a": "b\nc\u2028", "odd": {1}.__class__}
    text = JsonFormatter().format(record)
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text)["a"] == "b\nc\u2028"
    try:
        raise ValueError("x\ny")
    except ValueError:
        failed = logging.LogRecord("x", logging.ERROR, "", 0, "a\nb", (), sys.exc_info())
    assert json.loads(JsonFormatter().format(failed))["message"] == "a\nb"
    assert "\n" not in JsonFormatter().format(failed)
