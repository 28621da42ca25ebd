"""`exposure serve --keys` as a process: others may reach it, it asks for keys, and it says what it does in JSON."""

import json
import signal
import socket
import subprocess
import sys
import time

import pytest
from child_processes import until
from loopback_service import loopback


def serve(data, *options: str) -> subprocess.CompletedProcess:
    """A start that fails."""
    words = [sys.executable, "-W", "error", "-m", "exposure", "serve", "--data", str(data), "--port", "0", *options]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_a_service_with_keys_listens_to_others_and_answers_under_its_names(data, tmp_path):
    """A proxy's name must be allowed; without a key there is nothing."""
    options = ("--host", "0.0.0.0", "--allow-host", "exposure.example", "--no-workers", "--log-format", "json")
    with loopback(data, tmp_path, *options) as service:
        assert service.ask("GET", "/v1/timelines")[0] == 200
        for host, status in (("exposure.example", 401), ("127.0.0.1", 401), ("0.0.0.0", 421), ("evil.example", 421)):
            assert asked(service.port, "/v1/timelines", host) == status
            assert asked(service.port, "/v1/health", host) == (200 if status == 401 else 421)
        until(lambda: service.log.read_text().count("\n{") >= 10, 10)  # lines are written after the answers
        said = service.log.read_text()
        assert "Keys are asked for. Answered under the names: localhost, 127.0.0.1, ::1, exposure.example" in said
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert {line["status"] for line in lines} == {200, 401, 421}


def asked(port: int, path: str, host: str) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        found = b""
        while part := connection.recv(1 << 16):
            found += part
    return int(found.split()[1])


def test_the_end_does_not_wait_for_readers_of_events(data, workshop, tmp_path):
    """SIGTERM ends open streams and slow bodies soon, with status 0."""
    with loopback(data, tmp_path, "--no-workers", "--root", f"corpora={workshop}") as service:
        request = {"run": "tiny", "timeline": "made", "phrase_sets": [one.stem for one in
                   sorted((data / "phrase-sets").glob("*.parquet"))[:1]]}  # fmt: skip
        status, job = service.ask("POST", "/v1/index-jobs", request)
        assert status == 202, job
        key = service.keys["admin"]
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as reader:
            headers = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
            reader.sendall(f"GET /v1/jobs/{job['id']}/events HTTP/1.1\r\n{headers}".encode())
            assert b"200 OK" in reader.recv(1 << 16)
            start = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            while reader.recv(1 << 16):
                pass
            assert service.process.wait(timeout=30) == 0
        assert time.monotonic() - start < 8
        assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_a_key_file_that_others_may_write_stops_the_start(data, tmp_path, mode):
    """With a sentence that says what to run."""
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    keys.chmod(mode)
    failed = serve(data, "--keys", str(keys))
    assert (failed.returncode, "chmod 600" in failed.stderr, "Traceback" in failed.stderr) == (1, True, False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--root", "a"), "NAME=VALUE was expected"),
        (("--root", "a b=/"), "NAME=VALUE was expected"),
        (("--root", "a=/", "--root", "a=/tmp"), "a is given twice"),
        (("--root", "a=/nowhere/at/all"), "is no folder"),
        (("--root", "a=/", "--model-root", "a=/"), "one name"),
        (("--keys", "/nowhere"), "cannot be read"),
        (("--config", "/nowhere"), "cannot be read"),
        (("--host", "0.0.0.0"), "Serve with --keys"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_with_a_sentence(data, options, said):
    """Before anything is served."""
    failed = serve(data, *options)
    assert failed.returncode == 1
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_start_that_fails_inside_is_one_sentence(data):
    """A job store that is none: no traceback of the server around it."""
    for name in ("jobs.sqlite-wal", "jobs.sqlite-shm"):  # of which SQLite would make it whole again
        (data / name).unlink(missing_ok=True)
    (data / "jobs.sqlite").write_bytes(b"no database, but long enough to be looked at as one" * 100)
    failed = serve(data, "--no-workers")
    assert failed.returncode == 1
    assert "jobs.sqlite" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stderr.count("error") <= 2


def test_everything_may_stand_in_the_configuration(data, workshop, tmp_path):
    """And the service does as it says."""
    (tmp_path / "service.toml").write_text(
        f'read_only = true\n[roots]\ncorpora = "{workshop}"\n[models]\ntoy = "somebody/toy@step{{step}}"\n'
        "[limits]\nphrases = 2\nsmall_body_bytes = 50\n[log]\nformat = 'json'\nphrases = true\n"
    )
    with loopback(data, tmp_path, "--config", str(tmp_path / "service.toml")) as service:
        assert [one["name"] for one in service.ask("GET", "/v1/models")[1]["answers"]] == ["toy"]
        assert service.ask("POST", "/v1/timelines/tiny/first-seen", {"phrases": ["a"] * 3})[0] == 422
        assert service.ask("POST", "/v1/index-jobs", {"run": "x" * 99})[0] == 413
        assert service.ask("DELETE", "/v1/runs/tiny")[1]["type"] == "/problems/read-only"
        service.ask("GET", "/v1/timelines/tiny/first-seen?phrase=shown")
        until(lambda: '"query": "phrase=shown"' in service.log.read_text(), 10)  # written after the answer
