"""One client in a process of its own, with one connection that it keeps: `python -m benchmarks.service.client URL`.

A line of JSON says what it does: {"kinds": {name: paths, …}, "seconds": …, "turn": …, "pause": …}. It says "ready" when
it is connected, waits for another line, and asks one path after the other: those of the first kind for `turn` seconds,
then those of the second, and round again. Then it writes {name: [[when, milliseconds], …], …}, `when` in seconds since
the go. Without `seconds` it asks until its standard input ends.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import sys
import time
from urllib.parse import urlsplit


class Client:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(
        self, path: str, body: bytes | None = None, media: str = "application/json", accept: str = "application/json"
    ) -> tuple[float, bytes]:
        """(milliseconds until the answer was there whole, the answer); raises RuntimeError for any but 200."""
        headers = {"Accept": accept} | ({} if body is None else {"Content-Type": media})
        began = time.perf_counter()
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
        return took, content


def main(url: str) -> None:
    """Do what standard input says."""
    plan = json.loads(sys.stdin.readline())
    client, kinds = Client(url), list(plan["kinds"].items())
    for _, paths in kinds:
        for path in paths[:20]:
            client.ask(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    took: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in kinds}
    began = time.perf_counter()
    while not _is_over(plan["seconds"], now := time.perf_counter() - began):
        name, paths = kinds[int(now / plan["turn"]) % len(kinds)]
        took[name].append((now, client.ask(paths[len(took[name]) % len(paths)])[0]))
        time.sleep(plan["pause"])
    json.dump(took, sys.stdout)


def _is_over(seconds: float | None, now: float) -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0]) if seconds is None else now >= seconds


if __name__ == "__main__":
    main(sys.argv[1])
