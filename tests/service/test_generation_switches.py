"""Generations switch under constant asking: no request is dropped, and every answer is wholly of one generation."""

import contextlib
import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import pyarrow as pa

from exposure.encoding import ARROW

ASKED = "dog barks"
"""Indexed in grown's second generation only."""

SWITCHES = 50
PATH = "/v1/timelines/grown"


def test_fifty_switches_drop_no_request(address, generations, make_current):
    """Over kept connections, single and many phrases, long answers that are streamed while generations go."""
    status_of = {generations[0]: "not_indexed", generations[1]: "seen"}
    make_current(generations[0])
    is_over = threading.Event()

    def ask(kind) -> dict[str, int]:
        asked = dict.fromkeys(status_of, 0)
        with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
            while not is_over.is_set():
                generation, statuses = kind(connection)
                assert statuses == {status_of[generation]}
                asked[generation] += 1
        return asked

    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(ask, kind) for kind in (single, single, single, lines, lines, many)]
        try:
            for number in range(SWITCHES):
                time.sleep(0.05)
                make_current(generations[(number + 1) % 2])
                assert not [one for one in running if one.done()], [one.exception() for one in running if one.done()]
        finally:
            is_over.set()
        asked = [one.result() for one in running]
    for generation in generations:
        assert sum(one[generation] for one in asked) >= 10, "both generations were asked, or nothing was tested"


def single(connection) -> tuple[str, set[str]]:
    """One phrase; the body names the generation too."""
    connection.request("GET", f"{PATH}/first-seen?phrase={quote(ASKED)}")
    answer = connection.getresponse()
    content = json.loads(answer.read())
    assert answer.status == 200, content
    assert content["generation"] == answer.headers["Exposure-Generation"]
    return content["generation"], {one["status"] for one in content["answers"]}


def lines(connection) -> tuple[str, set[str]]:
    """Some phrases, as lines."""
    body = json.dumps({"phrases": [ASKED] * 50})
    headers = {"Content-Type": "application/json", "Accept": "application/x-ndjson"}
    connection.request("POST", f"{PATH}/first-seen", body, headers)
    answer = connection.getresponse()
    content = answer.read().decode()
    assert answer.status == 200, content
    rows = [json.loads(line) for line in content.splitlines()]
    assert len(rows) == 50
    return answer.headers["Exposure-Generation"], {one["status"] for one in rows}


def many(connection) -> tuple[str, set[str]]:
    """Many phrases, as a stream of Arrow that is longer than the buffers of a connection."""
    body = json.dumps({"phrases": [ASKED] * 20_000})
    headers = {"Content-Type": "application/json", "Accept": ARROW}
    connection.request("POST", f"{PATH}/first-seen", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    with pa.ipc.open_stream(content) as stream:
        statuses = stream.read_all()["status"].to_pylist()
    assert len(statuses) == 20_000
    return answer.headers["Exposure-Generation"], set(statuses)
