"""A service with one key for each scope."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.keys.access import SCOPES
from service.keys.key_file import add_key
from service.listening import listen
from service.server import uvicorn_config
from service.settings import Limits, Settings


@dataclass
class Guarded:
    """A service with keys: `keys` by scope, and one of each name of `more`."""

    client: TestClient
    keys: dict[str, str]

    @property
    def app(self) -> FastAPI:
        return self.client.app  # type: ignore[return-value]

    def ask(self, method: str, url: str, scope: str | None, **options: Any) -> Any:
        """Ask with the key of `scope`, or without any."""
        headers = {} if scope is None else {"authorization": f"Bearer {self.keys[scope]}"}
        return self.client.request(method, url, headers={**headers, **options.pop("headers", {})}, **options)


@pytest.fixture
def keys_of() -> Callable[[Path], dict[str, str]]:
    """Make a key file with one key for each scope, called as it is; returns the keys."""

    def keys(file: Path) -> dict[str, str]:
        return {scope: add_key(file, scope, (scope,)) for scope in SCOPES}

    return keys


@pytest.fixture
def guarded(data: Path, keys_of: Callable[[Path], dict[str, str]]) -> Iterator[Guarded]:
    """A service over timelines of one's own that asks for keys."""
    keys = keys_of(data.parent / "keys.json")
    app = create_app(Settings(data, keys=data.parent / "keys.json"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False) as client:
        yield Guarded(client, keys)


class Raw:
    """A connection on which anything can be said; `everything` is all that comes back until the other side closes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def say(self, *parts: bytes) -> "Raw":
        for part in parts:
            self.socket.sendall(part)
        return self

    def one_answer(self) -> bytes:
        """An answer whose body is an object, in full."""
        found = b""
        while not found.endswith(b"}"):
            found += self.socket.recv(1 << 16)
        return found

    def everything(self) -> bytes:
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while part := self.socket.recv(1 << 16):
                found += part
        return found


@dataclass
class Served:
    """A service on a real socket, with the connections of `exposure serve`."""

    port: int
    app: FastAPI
    opened: list[Raw] = field(default_factory=list)

    def connect(self) -> Raw:
        self.opened.append(Raw(self.port))
        return self.opened[-1]

    def close(self) -> None:
        """Close all connections that were opened."""
        for one in self.opened:
            one.socket.close()

    def status(self, path: str = "/v1/health") -> int:
        """Whether it still answers."""
        found = self.connect().say(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return int(found.everything().split()[1])


@pytest.fixture
def served_with(data: Path) -> Iterator[Callable[..., Served]]:
    """Serve `data` with other limits."""
    with contextlib.ExitStack() as stack:

        def serve(**limits: Any) -> Served:
            settings = Settings(data, limits=Limits(**limits))
            app = create_app(settings)
            listening = stack.enter_context(listen("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn_config(app, settings))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
            served = Served(listening.getsockname()[1], app)
            stack.callback(served.close)
            return served

        yield serve
