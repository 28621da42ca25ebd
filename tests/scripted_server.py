"""A server on loopback that misbehaves as it is told to."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

Act = Callable[[socket.socket], None]
"""Answers one request, or does something else to its connection, which is closed afterwards."""


@dataclass(frozen=True)
class Asked:
    """One request as it came in; names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)

    @property
    def phrases(self) -> list[str]:
        """The phrases in its body, which is Arrow or JSON."""
        return phrases_in(self.body)


@dataclass
class Scripted:
    """Plays one act for each request, in order; the last one again and again. `play` may also be a function."""

    acts: list[Act] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    choose: Callable[[Asked], Act] | None = None
    url: str = ""

    def play(self, *acts: Act) -> None:
        """What will be done from now on."""
        self.acts, self.asked, self.choose = list(acts), [], None

    def act(self, asked: Asked) -> Act:
        """What to do now."""
        self.asked.append(asked)
        if self.choose is not None:
            return self.choose(asked)
        return self.acts[min(len(self.asked), len(self.acts)) - 1]


@contextlib.contextmanager
def scripted_server() -> Iterator[Scripted]:
    """One, while the block runs."""
    script = Scripted()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        script.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=_serve, args=(listening, script), daemon=True)
        thread.start()
        yield script
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _serve(listening: socket.socket, script: Scripted) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_converse, args=(connection, script), daemon=True).start()


def _converse(connection: socket.socket, script: Scripted) -> None:
    with connection, contextlib.suppress(OSError):
        asked = _read(connection)
        if asked is not None:
            script.act(asked)(connection)


def _read(connection: socket.socket) -> Asked | None:
    received = b""
    while b"\r\n\r\n" not in received:
        portion = connection.recv(65536)
        if not portion:
            return None
        received += portion
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Asked(method, target, headers, body)


def answer(body: object = None, status: int = 200, media: str = "application/json", **headers: str) -> Act:
    """A whole answer; `body` is JSON unless it is bytes."""
    return lambda connection: connection.sendall(_answer(body, status, media, headers))


def cut(keep: int, body: object = None, media: str = "application/json") -> Act:
    """An answer of which only the first `keep` bytes of its body come, then the end of the connection."""

    def act(connection: socket.socket) -> None:
        head, _, content = _answer(body, 200, media, {}).partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n" + content[:keep])

    return act


def problem(slug: str, status: int, **headers: str) -> Act:
    """A problem, as the service words them."""
    fields = {"type": f"/problems/{slug}", "title": "T", "status": status, "detail": "A sentence.", "request_id": "r1"}
    return answer(fields, status, "application/problem+json", **headers)


def phrases_in(body: bytes) -> list[str]:
    """What a look-up asks for."""
    if body.startswith(b"{"):
        return list(json.loads(body)["phrases"])
    with pa.ipc.open_stream(body) as stream:
        return list(stream.read_all()["phrase"].to_pylist())


def drop(connection: socket.socket) -> None:
    """Nothing: the connection is closed."""


def reset(connection: socket.socket) -> None:
    """The connection is reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stream(*portions: bytes, media: str = "text/event-stream") -> Act:
    """An answer without a length, whose portions are sent one by one, until the connection ends."""

    def act(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nConnection: close\r\n\r\n".encode())
        for portion in portions:
            connection.sendall(portion)

    return act


def _answer(body: object, status: int, media: str, headers: dict[str, str]) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": media, "Content-Length": str(len(content)), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
