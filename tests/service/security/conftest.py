"""A service with one key for each scope."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access import SCOPES
from service.app import create_app
from service.keys import add_key
from service.settings import Settings


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
