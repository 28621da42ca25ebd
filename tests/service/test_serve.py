"""`exposure serve` as a process: it answers, it is alone, it stops when told, and it listens to this machine only."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from service.data_directory import make_data_folder
from service.errors import ServiceError
from service.listening import listen, url_of
from service.lock import serving


def command(data, *options: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "exposure", "serve", "--data", str(data), "--port", "0", *options]


class Started:
    """A service that answers: its process, its URL, and what it has said."""

    def __init__(self, data, *options: str) -> None:
        self._log = data.parent / f"said-{os.urandom(4).hex()}"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command(data, *options), stderr=log)
        try:
            self.url = self._await_url()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _await_url(self) -> str:
        end = time.monotonic() + 60
        while not (found := re.match(r"(http://\S+): .*\n", self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.02)
        return found[1]

    def said(self) -> str:
        """Standard error so far."""
        return self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> str:
        """End it by a signal; returns all that it said."""
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        return self.said()


@contextmanager
def started(data, *options: str) -> Iterator[Started]:
    """A service, killed at the end if it still runs."""
    service = Started(data, *options)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()


def get(url: str) -> tuple[int, bytes]:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        connection.request("GET", f"{place.path}?{place.query}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_a_question_and_stops_when_told(data, number):
    """A signal ends it with status 0 and nothing to complain of, and frees the folder."""
    with started(data) as service:
        status, body = get(f"{service.url}/v1/timelines/tiny/first-seen?phrase=cats%20sleep")
        assert (status, json.loads(body)["answers"][0]["first_step"]) == (200, 1)
        said = service.stop(number)
        assert service.process.returncode == 0
    assert "Traceback" not in said
    assert "error" not in said.lower()
    with serving(data):
        pass


def test_it_says_where_and_what_it_serves(data):
    """The address, how many timelines, that there are no keys, and what cannot be served."""
    (data / "timelines" / "two words").mkdir()
    with started(data) as service:
        assert urlsplit(service.url).hostname == "127.0.0.1"
        assert get(f"{service.url}/v1/health")[0] == 200
        said = service.stop()
    assert "3 timelines" in said
    assert "No keys" in said
    assert "not served: timelines/two words" in said


def test_a_request_that_runs_is_answered_before_the_end(data):
    """SIGTERM while a large question is on its way: its answer is whole."""
    phrases = [f"phrase {number}" for number in range(100_000)]
    answer = {}
    with started(data) as service:
        place = urlsplit(service.url)

        def ask() -> None:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
            body = json.dumps({"phrases": phrases})
            connection.request("POST", "/v1/timelines/tiny/first-seen", body, {"Content-Type": "application/json"})
            answer["sent"] = True
            response = connection.getresponse()
            answer["rows"] = json.loads(response.read())["answers"]
            connection.close()

        asking = threading.Thread(target=ask)
        asking.start()
        while "sent" not in answer:
            time.sleep(0.001)
        time.sleep(0.2)
        service.stop()
        asking.join(60)
        assert service.process.returncode == 0
    assert [one["phrase"] for one in answer["rows"]] == phrases


def test_a_second_service_on_the_folder_is_refused(data, tmp_path):
    """It is told which process holds it; also when it comes by another path."""
    (tmp_path / "alias").symlink_to(data)
    with started(data) as service:
        for path in (data, tmp_path / "alias"):
            second = subprocess.run(command(path), capture_output=True, text=True, timeout=60, check=False)
            assert second.returncode == 1
            assert f"served already, by process {service.process.pid}" in second.stderr
            assert "Traceback" not in second.stderr
        assert get(f"{service.url}/v1/health")[0] == 200


def test_a_service_that_was_killed_leaves_no_lock(data):
    """The next one starts."""
    with started(data) as service:
        service.process.kill()
        service.process.wait()
    with started(data) as service:
        assert get(f"{service.url}/v1/health")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "8.8.8.8", "", "no.such.name.invalid", "::ffff:8.8.8.8", "a" * 300])
def test_a_host_that_others_reach_is_refused(data, host):
    """Without keys nobody else may ask."""
    refused = subprocess.run(command(data, "--host", host), capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: --host ")
    assert "127.0.0.1" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_other_names_of_this_machine_are_served(data, host):
    """And answered under that name."""
    with started(data, "--host", host) as service:
        port = urlsplit(service.url).port
        assert get(f"http://{host}:{port}/v1/health")[0] == 200


def test_a_name_that_stands_for_another_machine_too_is_refused(monkeypatch):
    """Every address of a name is looked at, not only the first."""
    found = [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("127.0.0.1", "192.0.2.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ServiceError, match="others could reach"):
        listen("both.example", 0)


def test_a_port_that_is_taken_is_refused_with_a_sentence(data):
    """No traceback of the server."""
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(command(data, "--port", port), capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be had" in refused.stderr


def test_a_data_directory_is_made_at_its_first_serving(tmp_path):
    """And that is said: a name may be misspelt. The second time there is nothing to say."""
    (note,) = make_data_folder(tmp_path / "new")
    assert note == f"{tmp_path / 'new'} was not there: it was made, a new data directory."
    assert (tmp_path / "new").is_dir()
    assert make_data_folder(tmp_path / "new") == ()


@pytest.mark.parametrize(
    ("name", "is_read_only", "said"),
    [("none/deeper", False, "nor is .*none in which"), ("new", True, "makes none"), ("file", False, "is no folder")],
)
def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path, name, is_read_only, said):
    """No folder above it, one that is only read, a file in its place: nothing is made."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match=said):
        make_data_folder(tmp_path / name, is_read_only)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """Nothing to answer from: one sentence."""
    words = command(tmp_path / "none", "--read-only")
    refused = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, "is no folder" in refused.stderr) == (1, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(data):
    """The lock needs a file."""
    data.chmod(0o500)
    with pytest.raises(ServiceError, match="cannot be written"), serving(data):
        pass
    data.chmod(0o700)


def test_a_lock_that_cannot_be_a_file_is_refused(data):
    """A sentence, whatever stands in its place."""
    (data / "service.lock").mkdir()
    with pytest.raises(ServiceError, match=r"service\.lock cannot be written"), serving(data):
        pass


def test_answers_are_not_held_back_for_more(address):
    """Small answers on one connection follow each other at once: with Nagle's algorithm each would take 40 ms."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    took = []
    for _ in range(25):
        start = time.perf_counter()
        connection.request("GET", "/v1/health")
        connection.getresponse().read()
        took.append(time.perf_counter() - start)
    connection.close()
    assert min(took[5:]) < 0.03


def test_an_ipv6_address_is_written_in_brackets():
    """As addresses on the web are."""
    try:
        listening = listen("::1", 0)
    except ServiceError:
        pytest.skip("this machine has no IPv6")
    with listening:
        assert url_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"


def test_phrases_are_not_logged(data):
    """Nothing that is asked stands on standard error."""
    with started(data) as service:
        get(f"{service.url}/v1/timelines/tiny/first-seen?phrase=verysecretphrase")
        get(f"{service.url}/v1/timelines/tiny/history?phrase=verysecretphrase&x=1")
        assert "verysecret" not in service.stop()
