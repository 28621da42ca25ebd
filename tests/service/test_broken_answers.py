"""An answer that breaks off in the middle is seen to have: no client takes a part for the whole."""

import contextlib
import http.client
import json
from urllib.parse import urlsplit

import pytest

from exposure.answer_batches import batch_of
from exposure.answers import FirstSeen
from exposure.encoding import MEDIA, PARQUET
from exposure.timeline import Timeline

PATH = "/v1/timelines/tiny/first-seen"


@pytest.mark.parametrize("media", MEDIA)
def test_the_connection_ends_before_the_answer_does(address, monkeypatch, media):
    """In every form; the service answers on."""

    def breaking(*_):
        for number in range(300 if media == PARQUET else 60):
            yield batch_of(FirstSeen, [FirstSeen.not_indexed(f"{number} {place}", "exact") for place in range(1000)])
        raise OSError("the disk is gone")

    monkeypatch.setattr(Timeline, "first_seen_table", breaking)
    body = json.dumps({"phrases": ["a"] * 100})
    with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("POST", PATH, body, {"Content-Type": "application/json", "Accept": media})
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
    with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("GET", "/v1/timelines/tiny/coverage")
        assert connection.getresponse().status == 200


def test_what_breaks_before_the_first_part_is_a_problem(client, monkeypatch):
    """Nothing was sent yet, so that it can be said."""

    def breaking(*_):
        raise OSError("the disk is gone")
        yield

    monkeypatch.setattr(Timeline, "first_seen_table", breaking)
    answer = client.post(PATH, json={"phrases": ["a"] * 100})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
