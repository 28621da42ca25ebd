"""What is refused before it reaches a route: large bodies and foreign names."""

import http.client
import itertools
from urllib.parse import urlsplit

import pytest

from service.gates.request_gate import host_name
from service.settings import Limits, Settings

PATH = "/v1/timelines/tiny/first-seen"
JSON = {"content-type": "application/json"}


@pytest.fixture
def limited(client_of, data):
    """A service that takes bodies of 1,000 bytes."""
    return client_of(Settings(data, limits=Limits(body_bytes=1000)))


def body_of(size: int) -> bytes:
    """A right question of exactly `size` bytes."""
    frame = b'{"phrases": [""]}'
    return frame.replace(b'""', b'"' + b"a" * (size - len(frame)) + b'"')


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413), (100_000, 413)])
def test_a_declared_body_is_held_against_the_limit(limited, size, status):
    """The last byte that is allowed is, the next is not."""
    assert len(body_of(size)) == size
    assert limited.post(PATH, content=body_of(size), headers=JSON).status_code == status


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413), (100_000, 413)])
def test_a_body_without_a_length_is_counted_as_it_arrives(limited, size, status):
    """Chunks add up; a client cannot pass by leaving the length out."""
    body = body_of(size)
    chunks = (body[start : start + 300] for start in range(0, size, 300))
    response = limited.post(PATH, content=chunks, headers=JSON)
    assert "content-length" not in response.request.headers
    assert response.status_code == status
    if status == 413:
        assert response.json()["type"] == "/problems/too-large"
        assert response.headers["connection"] == "close"


def test_an_endless_body_is_refused_before_it_is_all_there(address):
    """On a real socket, the answer comes after a part of it."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.putrequest("POST", PATH)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    sent = 0
    try:
        for sent in itertools.count(1):
            connection.send(chunk)
            assert sent < 1000, "a gigabyte was taken"
    except OSError:
        pass  # the service has closed its side
    assert sent >= 16
    connection.close()


def test_a_body_that_declares_too_much_is_answered_unread(address):
    """Nothing of it need be sent."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.putrequest("POST", PATH)
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Type")) == (413, "application/problem+json")
    response.read()
    connection.close()


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_the_names_of_this_machine_are_answered(reader, host):
    """With any port, as tunnels change it."""
    assert reader.get("/v1/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "[::2]", "", "@"]
)
def test_a_foreign_name_is_refused_on_every_route(reader, host):
    """A page whose name was pointed at 127.0.0.1 reads nothing."""
    for path in ("/v1/health", "/v1/timelines", "/docs", "/openapi.json", "/static/reference.css", "/v1/nothing"):
        response = reader.get(path, headers={"host": host})
        assert (response.status_code, response.json()["type"]) == (421, "/problems/unknown-host")


def test_other_names_can_be_allowed(client_of, data):
    """An operator behind a proxy says its name."""
    client = client_of(Settings(data, hosts=("Exposure.example",)))
    assert client.get("/v1/health", headers={"host": "exposure.example:443"}).status_code == 200
    assert client.get("/v1/health").status_code == 421


@pytest.mark.parametrize(
    ("header", "name"),
    [("a:1", "a"), ("A", "a"), ("[::1]", "::1"), ("[::1]:8", "::1"), ("", ""), ("a:b:c", "a"), ("[", "["), ("]", "")],
)
def test_the_name_in_a_host_header_is_without_port_and_brackets(header, name):
    """Whatever is sent gives some name, never an error."""
    assert host_name(header) == name
