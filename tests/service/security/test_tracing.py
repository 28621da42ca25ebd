"""Traces: one span a request, sent to a collector that is not trusted with what was asked."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.settings import Settings

pytest.importorskip("opentelemetry.sdk", reason="the extra telemetry is not installed")


@pytest.fixture
def collector():
    """A collector on loopback, and the bodies that it was sent."""
    bodies: list[bytes] = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collect) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
        server.shutdown()
        thread.join()


def spans_in(bodies: list[bytes]):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(_plain(body)).resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans


def _plain(body: bytes) -> bytes:
    import gzip

    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def test_a_span_is_sent_for_each_request_when_the_service_ends(data, collector):
    """With its template, its status and its id; part of the trace that the caller named."""
    from fastapi.testclient import TestClient

    from service.app import create_app

    url, bodies = collector
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with TestClient(create_app(Settings(data, otlp=url)), base_url="http://127.0.0.1") as client:
        client.get(
            "/v1/timelines/tiny/first-seen?phrase=verysecretphrase",
            headers={"traceparent": f"00-{trace}-{parent}-01", "x-request-id": "mine-1"},
        )
        client.get("/v1/verysecretphrase")
    known, unknown = spans_in(bodies)
    assert known.name == "GET /v1/timelines/{timeline}/first-seen"
    assert (known.trace_id.hex(), known.parent_span_id.hex()) == (trace, parent)
    values = {one.key: one.value.string_value or one.value.int_value for one in known.attributes}
    assert (values["http.response.status_code"], values["exposure.request_id"]) == (200, "mine-1")
    assert 0 < known.end_time_unix_nano - known.start_time_unix_nano < 60e9
    assert unknown.name == "GET (none)"
    assert b"verysecret" not in b"".join(map(_plain, bodies))


def test_a_collector_that_is_away_holds_nobody_up(data):
    """Answers come, and the end of the service waits a few seconds at most."""
    import time

    from fastapi.testclient import TestClient

    from service.app import create_app

    settings = Settings(data, otlp="http://127.0.0.1:9/v1/traces")
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        assert client.get("/v1/timelines", headers={"traceparent": "rubbish"}).status_code == 200
        start = time.monotonic()
    assert time.monotonic() - start < 15


def test_without_the_extra_the_service_says_what_to_install(tmp_path):
    """Before it listens."""
    script = (
        "import sys; sys.modules['opentelemetry.exporter.otlp.proto.http.trace_exporter'] = None\n"
        "from exposure.cli import main\n"
        f"sys.argv = ['exposure', 'serve', '--data', {str(tmp_path)!r}, '--port', '0', '--otlp', 'http://127.0.0.1:9']\n"
        "main()"
    )
    failed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert failed.returncode == 1
    assert "pip install 'exposure[telemetry]'" in failed.stderr
    assert "Traceback" not in failed.stderr
