"""Headers and ids that nobody sends by mistake: every answer is one that OpenAPI describes, and none is a defect."""

import random
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from service.gates.request_gate import _is_foreign, host_name

HEADERS = (
    "accept", "accept-encoding", "authorization", "cache-control", "connection", "content-encoding", "content-length",
    "content-type", "cookie", "expect", "forwarded", "host", "idempotency-key", "if-match", "if-modified-since",
    "if-none-match", "if-range", "last-event-id", "origin", "range", "referer", "sec-fetch-site", "te", "traceparent",
    "transfer-encoding", "upgrade", "user-agent", "via", "x-forwarded-for", "x-forwarded-host",
    "x-http-method-override", "x-request-id",
)  # fmt: skip

VALUES = (
    b"", b" ", b"*", b"\xff\xfe", "🦜".encode(), b"a" * 5000, b",,,,", b";q=", b"*/*;q=-1", b"text/csv;q=nan", b"W/",
    b'"', b'W/"a", "b", *', b"-1", b"99999999999999999999", b"0x10", b"1e9", b"null", b"../../etc/passwd", b"%00",
    b"Bearer", b"Basic ====", b"Basic AAAA", b"application/json; charset=utf-16", b"application/json; charset=none",
    b"multipart/form-data", b"gzip, deflate, br", b"chunked", b"bytes=0-1", b"GET", b"127.0.0.1:8000", b"[::1]:x",
    b"<script>alert(1)</script>", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-zz", b"a\tb",
)  # fmt: skip

IDS = (
    "-", "_", "a" * 100, "a" * 101, "a" * 3000, "\x00", "\n", "\r\n", " ", "%", "%2e", "%00", "*", "?", "#",
    "🦜", "é", "e\u0301", "\u202e", "\ufeff", "\ud800", "a/b", "a\\b", "a:b", "a;b", "a&b", "a'b", 'a"b', "<b>", "${x}",
    "{{7*7}}", "' OR 1=1 --", "NULL", "null", "None", "0", "-1", "1e9", "1_000", "0x1", "9" * 25, "true", "CURRENT",
    "con", "nul", ".hidden", "tiny.", "tiny/", "Tiny", "tiny ", "data.json", "jobs.sqlite", "service.lock",
)  # fmt: skip


def operations(document: dict) -> list[tuple[str, str]]:
    """(method, template) of all that OpenAPI describes, event streams left out: they are asked by the tests of jobs."""
    return [(method.upper(), path) for path, methods in sorted(document["paths"].items()) for method in methods]


def filled(template: str) -> str:
    return re.sub(r"\{(step)\}|\{[^}]*\}", lambda found: "1" if found[1] else "tiny", template)


def test_no_header_breaks_an_answer(client):
    """Every route with a sample of headers and values; the client holds each answer against OpenAPI."""
    chance = random.Random(8)
    asked = 0
    for method, template in operations(client.document):
        for _ in range(25):
            names = [chance.choice(HEADERS) for _ in range(chance.randint(1, 3))]
            headers = [(name.encode(), chance.choice(VALUES)) for name in names]
            content = chance.choice([None, b"{}", b"[", b""]) if method == "POST" else None
            client.cookies.clear()
            response = client.request(method, filled(template), headers=headers, content=content)
            assert response.status_code < 500, (method, template, headers)
            asked += 1
    assert asked > 1000


def test_no_id_breaks_an_answer(client):
    """Every parameter of a path, with names that are keywords, markup, other alphabets, or of files that there are.

    "." and ".." are asked by tests/service/resources/test_path_fuzz.py: clients take them out of addresses.
    """
    asked = 0
    for method, template in operations(client.document):
        if "{" not in template:
            continue
        for name in IDS:
            path = re.sub(r"\{[^}]*\}", quote(name.encode("utf-8", "surrogatepass"), safe=""), template)
            response = client.request(method, path)
            assert response.status_code in (400, 401, 403, 404, 405, 406, 409, 415, 422), (method, path, response.text)
            asked += 1
    assert asked > 1000
    assert sorted(one["name"] for one in client.get("/v1/timelines").json()["answers"]) == ["grown", "holed", "tiny"]


def test_no_phrase_breaks_an_answer(client):
    """Phrases may be any text."""
    for name in IDS:
        phrase = name.encode("utf-8", "replace").decode()
        for route in ("first-seen", "history", "exposures", "contexts"):
            response = client.get(f"/v1/timelines/tiny/{route}", params={"phrase": phrase})
            assert response.status_code in (200, 404, 422), (route, name, response.text)
        response = client.post("/v1/timelines/tiny/first-seen", json={"phrases": [phrase]})
        assert response.status_code in (200, 422)


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "rubbish"}, True),
        ({"origin": "http://127.0.0.1:8000"}, False),
        ({"origin": "https://127.0.0.1:8000"}, False),
        ({"origin": "http://127.0.0.1:9000"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://[::"}, True),
        ({"origin": ""}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, False),
    ],
)
def test_a_page_from_elsewhere_changes_nothing_and_may_read_nothing_more(reader, headers, is_refused):
    """What a browser says of where a page comes from decides for all that is no GET; nothing allows it to read."""
    path = "/v1/timelines/tiny/first-seen"
    answers = [
        reader.post(path, json={"phrases": ["a"]}, headers=headers),
        reader.delete("/v1/runs/x", headers=headers),
    ]
    for answer in answers:
        assert (answer.status_code == 403) is is_refused
        if is_refused:
            assert answer.json()["type"] == "/problems/foreign-origin"
    read = reader.get(f"{path}?phrase=a", headers=headers)
    assert read.status_code == 200
    assert not [name for name in read.headers if name.startswith("access-control-")]


def test_a_form_of_another_page_is_refused_whatever_the_browser_says(reader):
    """Old browsers say nothing of where a page comes from; a form cannot send JSON."""
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
        headers = {"content-type": media} if media else {}
        response = reader.post(
            "/v1/runs", content=b'{"name": "x", "root": "corpora", "path": "run.json"}', headers=headers
        )
        assert response.status_code == 415, media
    assert "x" not in [one["name"] for one in reader.get("/v1/runs").json()["answers"]]


def test_two_host_headers_are_refused(reader):
    """Which of them is meant could be read in two ways."""
    with TestClient(reader.service, base_url="http://127.0.0.1") as plain:
        request = plain.build_request("GET", "/v1/health")
        request.headers = type(request.headers)([("host", "127.0.0.1"), ("host", "evil.example")])
        assert plain.send(request).status_code == 421


def test_host_names_and_origins_of_any_kind_are_understood():
    """Never an error."""
    from starlette.datastructures import Headers

    for value in VALUES:
        text = value.decode("latin-1")
        assert isinstance(host_name(text), str)
        assert isinstance(_is_foreign(Headers({"origin": text}), "localhost"), bool)
